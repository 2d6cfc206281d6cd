"""Sherpa loads our spectra with their responses as they are, and finds the Crab's index in a simulated Crab."""

import json
from pathlib import Path
from typing import Any

import pytest

from mesh.errors import EngineUnavailable
from mesh.instrument import Image
from mesh.instruments import instrument
from mesh.runner.choose import with_own_image
from mesh.runner.engine import connect, image_id
from mesh.settings import Settings, SettingsError
from services.isgri.analysis.spectrum_stage import SPECTRA_FILE
from services.isgri.simulator import Pointing, SkySource, simulate_window
from tests.unit.isgri.stage_runs import run, unit_directory

_CRAB = (83.633, 22.0145)
# What a user types: no file but the spectrum is named.
_SESSION = """
import json, logging
logging.getLogger("sherpa").setLevel(logging.ERROR)
from sherpa.astro import ui
ui.load_pha("isgri_spectrum_Crab.fits", use_errors=True)
ui.notice(20, 200)
ui.set_source(ui.powlaw1d.crab)
ui.set_stat("chi2")
ui.fit()
ui.covar()
found = ui.get_covar_results()
fit = ui.get_fit_results()
data = ui.get_data()
print(json.dumps({
    "index": crab.gamma.val, "error": found.parmaxes[0], "norm": crab.ampl.val, "chi2": fit.rstat,
    "exposure": data.exposure, "subtracted": bool(data.subtracted), "channels": int(data.channel.size),
    "rmf": ui.get_rmf().name, "arf": ui.get_arf().name,
}))
"""


def _image() -> Image:
    return with_own_image(Settings(), instrument("spectral_fit")).image


@pytest.fixture(scope="module")
def client() -> Any:
    """Return a client of the engine; skips where it or the image with Sherpa is not there."""
    try:
        address = Settings().engine_address()
    except SettingsError:
        address = ""
    try:
        engine = connect(address)
        image_id(engine, _image())
    except EngineUnavailable as error:
        pytest.skip(f"no engine, or no image with Sherpa: {error}; run `odamesh stack up`")
    return engine


def _products(directory: Path) -> Path:
    """Extract the spectrum of a simulated Crab; return the directory with spectrum and response."""
    events = directory / "isgri_events.fits"
    at = Pointing("201600010010.001", _CRAB[0], _CRAB[1] + 1.0, _CRAB[0] + 180.0, 90.0 - _CRAB[1] - 1.0, 6876.5)
    simulate_window(events, at, [SkySource("Crab", *_CRAB, 1000.0)], seed=5)
    listed = {"catalogue": [{"name": "Crab", "ra": _CRAB[0], "dec": _CRAB[1]}], "background": []}
    window = unit_directory(directory / "window", "spectrum", [("events", at.scw, events)], listed)
    run(window)
    inputs = [("spectrum", at.scw, window / "out" / SPECTRA_FILE)]
    summed = unit_directory(directory / "sum", "spectrum_sum", inputs, {"catalogue": "reference"})
    run(summed)
    return summed / "out"


def test_a_simulated_crab_has_its_index(client: Any, tmp_path: Path) -> None:
    out = _products(tmp_path)
    for folder in (tmp_path, *tmp_path.rglob("*")):
        folder.chmod(0o755 if folder.is_dir() else 0o644)
    told = client.containers.run(
        _image().tag,
        entrypoint=["python3.11", "-c", _SESSION],
        command=[],
        volumes={str(out): {"bind": "/data", "mode": "ro"}},
        working_dir="/data",
        environment={"HOME": "/tmp", "MPLCONFIGDIR": "/tmp"},
        network_disabled=True,
        remove=True,
    )
    found = json.loads(told.decode().strip().splitlines()[-1])
    print(found)
    assert found["channels"] == 256
    assert "isgri_rmf.fits" in found["rmf"]
    assert "isgri_arf.fits" in found["arf"]
    assert abs(found["index"] - 2.1) < max(4.0 * found["error"], 0.02)
    assert found["norm"] == pytest.approx(10.0, rel=0.1)
    assert found["error"] < 0.03
    assert found["chi2"] < 1.5
