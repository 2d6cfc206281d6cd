"""Barycentric times: against the standard software's on real data, and a pulsar through light curve and orbit."""

from pathlib import Path

import numpy as np
from astropy.io import fits

from mesh.kit.ogip.light_curve import LightCurve
from science.coded_mask.barycentric import to_barycentre
from science.coded_mask.window_curves import SourceCurves
from science.timing.barycentre import barycentric_s
from science.timing.orbit import FARTHEST_S, Orbit
from tests.science.bars import Bars

_DAY_S = 86400.0
_LIGHT_KM_S = 299792.458


def test_times_of_the_standard_software(bars: Bars, shared_data: Path) -> None:
    """No orbit of this window is public: what is left must be the way of a spacecraft within its orbit."""
    path = shared_data / "isgri-events-extracted" / "evts_extract_003900020060_H0614+091_PIF1.fits.gz"
    with fits.open(path) as hdus:
        data = hdus["GNRL-EVTS-LST"].data
        local, theirs = (np.asarray(data[name], float) * _DAY_S for name in ("TIME", "BARYTIME_1"))
    left = theirs - barycentric_s(local, 94.2804, 9.1369, None)
    since = (local - local[0]) / 1000.0
    way = np.polyfit(since, left, 3)
    speed = float(np.abs(np.polyval(np.polyder(way), since)).max()) / 1000.0 * _LIGHT_KM_S
    bars.record(
        "B-62", "real window, barycentric less the standard software's time: largest, s", np.abs(left).max(),
        f"< {FARTHEST_S}, the apogee", np.abs(left).max() < FARTHEST_S,
    )  # fmt: skip
    bars.record("B-62", "the same: speed that this implies, km/s", speed, "< 5", speed < 5.0)
    scatter = float(np.std(left - np.polyval(way, since)))
    bars.record("B-62", "the same: scatter about a smooth way, s", scatter, "< 50e-6", scatter < 50e-6)


def test_the_period_of_a_pulsar_is_found_in_barycentric_light_curves(bars: Bars) -> None:
    """A period at the barycentre, seen from a moving Earth and spacecraft half a year apart, is one and the same."""
    ra, dec, period = 83.633, 22.0145, 33.5
    width = 0.1
    phases = []
    for day in (6700.0, 6883.0):
        time = day * _DAY_S + np.arange(0.0, 600 * period, width) + width / 2
        orbit = Orbit(
            time[::80], np.stack([80000.0 + 1.5 * (time[::80] - time[0]), 0 * time[::80], 0 * time[::80]], -1)
        )
        true = barycentric_s(time, ra, dec, orbit)
        rate = 10.0 + np.cos(2 * np.pi * true / period)
        curve = LightCurve(time, rate, np.ones(time.size), np.ones(time.size), np.full(time.size, width))
        source = SourceCurves("pulsar", ra, dec, width, [((20.0, 40.0), curve)], time[[0, -1]][None])
        [(_, found)] = to_barycentre(source, orbit).curves
        wave = np.sum((found.rate - 10.0) * np.exp(2j * np.pi * found.time_s / period)) / time.size
        assert abs(wave) > 0.499
        phases.append(np.angle(wave) / (2 * np.pi) * period)
        local = np.sum((rate - 10.0) * np.exp(2j * np.pi * time / period)) / time.size
        assert abs(np.angle(local)) > 0.1  # without the correction the phases differ
    apart = float(np.abs(phases).max())
    bars.record(
        "B-62", "pulsar of 33.5 s, two days half a year apart: shift of its phase, s", apart, "< 1e-4", apart < 1e-4
    )
