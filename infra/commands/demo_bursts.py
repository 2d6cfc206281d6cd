"""The part of the demo on instruments that see the whole sky: a burst in SPI-ACS, a polarised one in POLAR."""

import json
from pathlib import Path
from typing import Any

from rich.console import Console

from odamesh.client import Mesh
from odamesh.job import Job

_ACS = ("2017-08-16T12:30:00", "2017-08-16T13:20:00")
_ACS_BURST = "2017-08-16T12:55:00"
_POLAR = ("2017-01-14T21:57:00", "2017-01-14T22:06:00")
_POLAR_RESPONSE = "aux/polar/simulated.prsp"
_DEGREE = 0.6


def show_bursts(mesh: Mesh, archive: Path, output: Path, console: Console) -> bool:
    """Simulate a burst for each instrument, have it found and measured; say whether it was."""
    _simulate(archive)
    search = mesh.spiacs.spi_acs_search(t1=_ACS[0], t2=_ACS[1], threshold=8.0)
    found = _report(search, output, "spi_acs_search.json")["bursts"]
    for burst in found:
        console.print(
            f"SPI-ACS: burst at {burst['peak_utc']}, {burst['counts']:.0f} +- {burst['counts_error']:.0f} counts, "
            f"T90 {burst['t90_s']:.1f} +- {burst['t90_error_s']:.1f} s"
        )
    job = mesh.polar.burst(t1=_POLAR[0], t2=_POLAR[1], bands=[(20, 700)], responses=[_POLAR_RESPONSE])
    polar = _report(job, output, "polar_burst.json")
    light = polar["polarisation"]
    console.print(
        f"POLAR: burst at {polar['burst']['peak_utc']}, T90 {polar['burst']['t90_s']:.1f} s, polarised to "
        f"{100 * light['degree']:.0f} +- {100 * light['error']:.0f} % (simulated: {100 * _DEGREE:.0f} %)"
    )
    near = abs(light["degree"] - _DEGREE) < 4 * light["error"]
    return near and any(burst["peak_utc"].startswith(_ACS_BURST[:16]) for burst in found)


def _simulate(archive: Path) -> None:
    from infra.transients.simulated_days import simulate_day  # noqa: PLC0415  # numpy only where it is needed
    from services.polar.simulator import scenarios as polar  # noqa: PLC0415

    simulate_day(archive, "acs-burst", own=True)
    if not (archive / _POLAR_RESPONSE).is_file():
        polar.write_archive(archive, "polar-burst")


def _report(job: Job, output: Path, name: str) -> dict[str, Any]:
    found = job.download(output / job.view.product.replace("_", "-"), overwrite=True)
    path = next(path for path in found if path.name == name)
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content
