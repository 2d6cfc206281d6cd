"""The part of the demo on spectra: one source in ISGRI and in JEM-X, and one model fitted to both."""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from rich.console import Console

from odamesh.client import Mesh
from odamesh.job import Job

_SOURCE = "GX 354-0"
_JEMX_MCRAB = 160.0  # about what its ISGRI fluxes, continued to 3-35 keV with their index, come to
_PLACES = (1, 2)  # of the windows in which it stands within a degree of the axis
_EXPOSURE_S = 500.0


def show_fit(mesh: Mesh, archive: Path, scws: Sequence[str], output: Path, console: Console) -> bool:
    """Have spectra of one source made by both imagers and a power law fitted to them; say whether it came out.

    Args:
        mesh: whose archive it is.
        archive: its directory, with events of ISGRI.
        scws: the windows.
        output: where products go.
        console: to tell on.
    """
    from services.isgri.simulator.scenarios import GALACTIC_CENTRE_SKY  # noqa: PLC0415  # numpy only where it is needed
    from services.isgri.simulator.spectra import source_spectrum  # noqa: PLC0415

    near = [scws[place] for place in _PLACES]
    source = next(one for one in GALACTIC_CENTRE_SKY if one.name == _SOURCE)
    true = source_spectrum(source).index
    _simulate(archive, near, source.ra, source.dec, true)
    sky = [{"name": one.name, "ra": one.ra, "dec": one.dec} for one in GALACTIC_CENTRE_SKY]
    isgri = mesh.isgri.spectrum(scws=near, catalogue=sky, wait=False)
    alone = [entry for entry in sky if entry["name"] == _SOURCE]
    jemx = mesh.jemx.spectrum(scws=near, catalogue=alone, jemx_num="1", wait=False)
    for job in (isgri, jemx):
        job.wait()
        job.download(output / f"{job.view.instrument}-spectrum", overwrite=True)
    job = mesh.spectral_fit(spectra=[isgri, jemx], source=_SOURCE, model="powerlaw", flux_bands=[(3, 20), (20, 80)])
    fit = _report(job, output)
    index = next(row for row in fit["parameters"] if row["name"] == "powerlaw.PhoIndex")
    spectra = " and ".join(str(row["instrument"]) for row in fit["spectra"])
    console.print(
        f"fit of {_SOURCE} in {spectra}: photon index {index['value']:.2f} -{index['error_lower']:.2f} "
        f"+{index['error_upper']:.2f} (simulated: {true:.2f}), chi2 {fit['statistic']:.0f} for {fit['dof']}"
    )
    error = index["error_lower"] if index["value"] > true else index["error_upper"]
    return len(fit["spectra"]) == 2 and abs(index["value"] - true) < 4 * error


def _simulate(archive: Path, scws: Sequence[str], ra: float, dec: float, index: float) -> None:
    """Add JEM-X events of unit 1 to windows that lack them, and list them."""
    from mesh.archive.build import build_index  # noqa: PLC0415
    from mesh.archive.index import COMPACT_PATH  # noqa: PLC0415
    from services.isgri.simulator.scenarios import dither  # noqa: PLC0415
    from services.jemx.simulator import SkySource, simulate_window  # noqa: PLC0415

    sky = (SkySource(_SOURCE, ra, dec, _JEMX_MCRAB, index),)
    added = False
    for pointing in dither(max(_PLACES) + 1):
        folder = archive / "scw" / pointing.swid[:4] / f"{pointing.swid}.{pointing.version}"
        if pointing.swid in scws and not (folder / "jmx1_events.fits.gz").is_file():
            simulate_window(folder, pointing, sky, seed=1, exposure_s=_EXPOSURE_S, units=(1,))
            added = True
    if added and (archive / COMPACT_PATH).is_file():
        build_index(archive)


def _report(job: Job, output: Path) -> dict[str, Any]:
    found = job.download(output / "spectral-fit", overwrite=True)
    path = next(path for path in found if path.name == "fit.json")
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
