"""The spectrum that POLAR's burst stage makes, fitted with the response that comes with it."""

from pathlib import Path

from services.polar.simulator.events import PolarisedBurst, write_archive
from tests.fit_container import FitContainer
from tests.science.bars import Bars
from tests.unit.polar.response_file import write_response
from tests.unit.polar.stage_runs import run_stage

_INTERVAL = ("2017-01-14T21:57:00", "2017-01-14T22:06:00")
_AREA_CM2, _EVENTS, _DECAY_S, _INDEX = 300.0, 12_000, 3.0, 1.5


def test_the_spectrum_of_a_burst(container: FitContainer, tmp_path: Path, bars: Bars) -> None:
    burst = PolarisedBurst("2017-01-14T22:01:09.500", _EVENTS, _DECAY_S, degree=0.0, angle_deg=0.0, index=_INDEX)
    response = write_response(tmp_path / "response.rmfarf", _AREA_CM2)
    labels = write_archive(tmp_path / "archive", *_INTERVAL, [burst], rate=150.0, response=response)
    slices = []
    for label in labels:
        source = tmp_path / "archive" / "slices" / "polar" / label[:4] / label / "polar.pevt.gz"
        _, out = run_stage(tmp_path / label, "events", label, [(label, source)])
        slices.append((label, out / "polar_events.fits.gz"))
    _, out = run_stage(tmp_path / "burst", "burst", "job", slices, _INTERVAL, bands=[[20, 700]])
    files = [out / name for name in ("polar_spectrum.pha", "polar_background.pha", "polar_response.rsp")]
    fit = container.fit(files, model="powerlaw", other_range=[[25, 650]])
    index = fit.parameter("powerlaw.PhoIndex")
    error = index["error_lower"] if index["value"] > _INDEX else index["error_upper"]
    pull = (index["value"] - _INDEX) / error
    bars.record("-", "POLAR burst through its response: pull of the photon index", pull, "-4 to 4", abs(pull) < 4)
    bars.record("-", "the same: error of the index", error, "< 0.1", error < 0.1)
