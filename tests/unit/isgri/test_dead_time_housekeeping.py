"""Dead time from the housekeeping of a window: its numbering, its steps, and what happens where it cannot be used."""

from collections.abc import Callable
from contextlib import nullcontext
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from science.coded_mask.weighted_curve import weighted_rates
from services.isgri.analysis.detector import EVENT_DEAD_S, module_map
from services.isgri.analysis.exposed_window import ExposedWindow, expose, exposed
from services.isgri.analysis.lc_stage import band_weights, in_band, live_bins
from services.isgri.analysis.strobes import Strobes
from services.isgri.analysis.window_fit import count_bands, fit_window, pixel_of
from services.isgri.simulator import SkySource, simulate_window
from tests.science.isgri.windows import CENTRE, pointing, targets
from tests.unit.isgri.dead_time_file import write_dead_time
from tests.unit.isgri.stage_runs import run, unit_directory

_EXPOSURE_S = 400.0
_ROWS = np.arange(-4.0, 430.0, 8.0)
_CRAB = SkySource("Crab", CENTRE[0] + 1.0, CENTRE[1] + 2.0, 1000.0)
_BAND = (20.0, 60.0)


@pytest.fixture(scope="module")
def events(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("window") / "isgri_events.fits"
    simulate_window(path, pointing(0), [_CRAB], seed=3, exposure_s=_EXPOSURE_S)
    return path


def _ready(events: Path, housekeeping: Path | None = None) -> ExposedWindow:
    return expose(events, lambda _: nullcontext(), (), housekeeping)


def _written(tmp_path: Path, dead: dict[int, NDArray[np.float64] | float]) -> Path:
    return write_dead_time(tmp_path / "ibis_deadtime.fits", pointing(0).t_start_ijd, _ROWS, dead)


@pytest.mark.parametrize(("column", "row", "line"), [(0, 133, 129), (3, 0, 129), (4, 133, 0), (7, 0, 0), (5, 70, 10)])
def test_the_modules_are_numbered_as_in_the_archive(
    events: Path, tmp_path: Path, column: int, row: int, line: int
) -> None:
    live = _ready(events, _written(tmp_path, {column: 0.5})).modules.live_fractions
    assert int(np.argmin(live)) == module_map()[row, line]
    assert live.min() == pytest.approx(0.5, abs=0.002)
    assert np.sort(live)[1:] == pytest.approx(0.72, abs=0.002)


def test_fluxes_follow_the_housekeeping_where_the_header_is_wrong(events: Path, tmp_path: Path) -> None:
    wrong = tmp_path / "isgri_events.fits"
    with fits.open(events) as hdus:
        hdus[1].header["DEADC"] = 0.9
        hdus.writeto(wrong)
    right = _ready(events)
    mended = _ready(wrong, _written(tmp_path, dict.fromkeys(range(8), 1.0 - right.live_fraction)))
    fluxes = [
        fit_window(window, targets([_CRAB]), count_bands(window, [_BAND]), np.array([40.0])).fit.flux[0, 0]
        for window in (right, mended)
    ]
    assert fluxes[1] == pytest.approx(fluxes[0], rel=2e-3)
    assert [text for text in mended.warnings if "states a live fraction (DEADC) of 0.900" in text]


def test_a_curve_knows_when_strobes_took_more(events: Path) -> None:
    """Of the second half two events in three are taken away, as strobes would do."""
    whole = _ready(events)
    middle = 200.0
    kept = (whole.events.time_s < middle) | (np.arange(whole.events.time_s.size) % 3 == 0)
    fewer = replace(
        whole.events,
        **{name: getattr(whole.events, name)[kept] for name in ("time_s", "energy_kev", "row", "column", "noisy")},
    )
    left = np.full((8, _ROWS.size), 0.72) * np.where(middle > _ROWS, 1.0, 1.0 / 3.0)
    means = {}
    for name, strobes in (("known", Strobes(_ROWS, left)), ("unknown", None)):
        window = exposed(replace(fewer, strobes=strobes), whole.gti, ())
        found = fit_window(window, targets([_CRAB]), count_bands(window, [_BAND]), np.array([40.0]))
        bins = live_bins(window, 0.0, 20.0, 20)
        rate, _, _ = weighted_rates(
            window.events.time_s, pixel_of(window), in_band(window, _BAND), bins, band_weights(found, 0)
        )
        means[name] = float(np.nanmean(rate[0, 11:]) / np.nanmean(rate[0, :9]))
    assert means["known"] == pytest.approx(1.0, abs=0.1)
    assert means["unknown"] < 0.5


def test_a_burst_costs_events_and_not_strobes(events: Path) -> None:
    """What strobes leave of a row holds for a piece of it in which a module is busy."""
    whole = _ready(events)
    left = np.full((8, _ROWS.size), 0.8)
    piece = np.array([[100.0, 101.0]])
    window = exposed(replace(whole.events, strobes=Strobes(_ROWS, left)), piece, ())
    assert window.modules.live_fractions == pytest.approx(0.8 * (1.0 - EVENT_DEAD_S * window.modules.events))


def _nothing(hdus: fits.HDUList) -> None:
    hdus[1].data["II_DEADTIME_0"][:] = np.nan
    for number in range(1, 8):
        hdus[1].data[f"II_DEADTIME_{number}"][:] = 7.0


def _elsewhere(hdus: fits.HDUList) -> None:
    hdus[1].data["OB_TIME"][:, 1] += 1


def _renamed(hdus: fits.HDUList) -> None:
    hdus[1].header["TTYPE4"] = "SOMETHING"


@pytest.mark.parametrize("fault", [_nothing, _elsewhere, _renamed])
def test_housekeeping_that_cannot_be_used_is_told(
    events: Path, tmp_path: Path, fault: Callable[[fits.HDUList], None]
) -> None:
    written = _written(tmp_path, {})
    with fits.open(written) as hdus:
        fault(hdus)
        hdus.writeto(tmp_path / "spoilt.fits")
    window = _ready(events, tmp_path / "spoilt.fits")
    assert window.events.strobes is None
    assert window.live_fraction == _ready(events).live_fraction
    (told,) = [text for text in window.warnings if "spoilt.fits" in text]
    assert "(DEADC) is used" in told


def test_a_file_that_is_cut_is_told(events: Path, tmp_path: Path) -> None:
    whole = _written(tmp_path, {})
    whole.write_bytes(whole.read_bytes()[:4000])
    assert any("cannot be used for dead time" in text for text in _ready(events, whole).warnings)


def test_rows_that_lack_doubled_and_empty_ones(events: Path, tmp_path: Path) -> None:
    rows = np.sort(np.concatenate([_ROWS[_ROWS < 100.0], _ROWS[:3], _ROWS[_ROWS > 380.0]]))
    dead = np.full(rows.size, 0.4)
    dead[5] = np.nan
    path = write_dead_time(tmp_path / "ibis_deadtime.fits", pointing(0).t_start_ijd, rows, {2: dead})
    window = _ready(events, path)
    assert window.modules.live_fractions.min() == pytest.approx(0.6, abs=0.002)
    assert any("of this window only; elsewhere that of the nearest time is taken" in text for text in window.warnings)


def test_steps_hold_half_way_to_the_next() -> None:
    strobes = Strobes(np.array([4.0, 12.0, 28.0]), np.tile([0.5, 0.7, 0.9], (8, 1)))
    assert strobes.mean(np.array([[0.0, 8.0]]))[0] == pytest.approx(0.5)
    assert strobes.mean(np.array([[-100.0, 0.0]]))[0] == pytest.approx(0.5)
    assert strobes.mean(np.array([[6.0, 10.0], [50.0, 52.0]]))[0] == pytest.approx((2 * 0.5 + 2 * 0.7 + 2 * 0.9) / 6)
    assert strobes.in_bins(0.0, 4.0, 7)[7] == pytest.approx([0.5, 0.5, 0.7, 0.7, 0.7, 0.9, 0.9])
    assert strobes.covers(np.array([[0.0, 32.0]])) == pytest.approx(0.75)


@pytest.mark.parametrize(("stage", "product"), [("image", "isgri_sky.fits"), ("spectrum", "isgri_spectra.fits")])
def test_stages_take_the_housekeeping_of_their_window(events: Path, tmp_path: Path, stage: str, product: str) -> None:
    scw = pointing(0).scw
    listed = {"catalogue": [{"name": _CRAB.name, "ra": _CRAB.ra, "dec": _CRAB.dec}], "background": "none"}
    asked = {"bands": [list(_BAND)], "detection_threshold": 6.0, "burst_search": False} if stage == "image" else {}
    inputs = [("events", scw, events), ("dead_time", scw, _written(tmp_path, dict.fromkeys(range(8), 0.4)))]
    window = unit_directory(tmp_path / "unit", stage, inputs, {**listed, **asked})
    run(window)
    with fits.open(window / "out" / product) as hdus:
        found = {float(hdu.header["DEADC"]) for hdu in hdus if "DEADC" in hdu.header}
    assert found and max(abs(value - 0.6) for value in found) < 0.002
