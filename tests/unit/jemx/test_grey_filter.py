"""The grey filter: events that it dropped on board are made up for, in fluxes and in each bin of a light curve."""

from pathlib import Path

import numpy as np
import pytest

from mesh.testing.archive.pointing import Pointing
from science.coded_mask.extraction import Target
from science.coded_mask.weighted_curve import exposed_bins
from services.jemx.analysis.events import read_events
from services.jemx.analysis.exposed import expose
from services.jemx.analysis.extraction import SourceWindow
from services.jemx.analysis.grey_filter import GreyFilter
from services.jemx.analysis.lc_stage import window_curves
from services.jemx.simulator import SkySource, simulate_window

_POINTING = Pointing("201600270010.001", 83.6332, 22.0145, 173.0, 0.0, 6876.0)
_CHANGE_S = 510.0
_BAND = (3.0, 20.0)


def test_settings_weigh_time_with_what_they_accept() -> None:
    grey = GreyFilter(np.array([10.0, 20.0, 30.0]), np.array([31, 15, 7], np.uint8))
    good = np.array([[0.0, 25.0], [30.0, 50.0]])
    assert grey.share(good) == pytest.approx((20.0 + 0.5 * 5.0 + 0.25 * 20.0) / 45.0)
    bins = grey.bins(exposed_bins(0.0, 10.0, 5, [good]), good)
    np.testing.assert_allclose(bins.exposed, [[1.0, 1.0, 0.25, 0.25, 0.25]])
    assert bins.total_s == pytest.approx([27.5])


def _observed(folder: Path, grey: tuple[tuple[float, int], ...]) -> SourceWindow:
    sky = [SkySource("source", 83.6332, 22.0145, 500.0)]
    simulate_window(folder, _POINTING, sky, seed=4, exposure_s=1000.0, units=[1], grey=grey)
    window = expose(read_events(folder / "jmx1_events.fits.gz", 1))
    return SourceWindow(1, window, [Target("source", 83.6332, 22.0145)], np.array([window.live_time_s]))


def test_fluxes_and_light_curves_make_up_for_dropped_events(tmp_path: Path) -> None:
    whole = _observed(tmp_path / "whole", ((0.0, 31),))
    thinned = _observed(tmp_path / "thinned", ((0.0, 31), (_CHANGE_S, 7)))
    assert whole.window.warnings == []
    [warning] = thinned.window.warnings
    assert "grey filter of JEM-X 1 accepted 62.5% of the events" in warning
    assert thinned.window.live_time_s == pytest.approx(820.0 * 0.625, rel=1e-3)
    curves = [window_curves(seen, [_BAND], 50.0) for seen in (whole, thinned)]
    truth, found = (curve.bands[0] for curve in curves)
    np.testing.assert_array_equal(curves[0].exposed, curves[1].exposed)
    inside = curves[0].exposed > 0.99
    pulls = (found.rate[0] - truth.rate[0, inside].mean())[inside] / found.error[0, inside]
    assert abs(pulls.mean()) < 4.0 / np.sqrt(pulls.size)
    late = np.flatnonzero(inside)[-8:]  # wholly after the change
    assert np.all(found.counts[late] < 0.4 * truth.counts[late])
    assert np.mean(found.error[0, late] / truth.error[0, late]) == pytest.approx(2.0, rel=0.15)
    assert np.abs(found.rate[0, late] / truth.rate[0, late] - 1.0).mean() < 0.15
