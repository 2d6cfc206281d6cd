"""Barycentric times: against the standard software's on real data, and a pulsar through light curve and orbit."""

from pathlib import Path

import numpy as np
from astropy.coordinates import EarthLocation, SkyCoord
from astropy.io import fits
from astropy.time import Time
from numpy.typing import NDArray

from mesh.kit.ogip.light_curve import LightCurve
from science.coded_mask.barycentric import to_barycentre
from science.coded_mask.common_error import Constant
from science.coded_mask.geometry import unit_vector
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
    """A period at the barycentre, seen from a moving Earth and spacecraft half a year apart, is one and the same.

    The truth is astropy's, which leaves out the delay by the Sun's gravity.
    """
    ra, dec, period = 83.633, 22.0145, 33.5
    width = 0.1
    phases = []
    for day in (6700.0, 6883.0):
        time = day * _DAY_S + np.arange(0.0, 600 * period, width) + width / 2
        orbit = Orbit(
            time[::80], np.stack([80000.0 + 1.5 * (time[::80] - time[0]), 0 * time[::80], 0 * time[::80]], -1)
        )
        towards = unit_vector(ra, dec)
        true = _of_astropy(time, ra, dec) + orbit.km[np.arange(time.size) // 80] @ towards / _LIGHT_KM_S
        rate = 10.0 + np.cos(2 * np.pi * true / period)
        curve = LightCurve(time, rate, np.ones(time.size), np.ones(time.size), np.full(time.size, width))
        mean = Constant(10.0, 1.0, 1.0)
        source = SourceCurves("pulsar", ra, dec, width, [((20.0, 40.0), curve)], [mean], time[[0, -1]][None])
        [(_, found)] = to_barycentre(source, orbit).curves
        phases.append(_phase(found.time_s, found.rate, period) * period)
        # Without the correction the phases differ.
        assert abs(_phase(time, rate, period)) > 0.01
    apart = float(np.abs(phases).max())
    bars.record(
        "B-62",
        "pulsar of 33.5 s, two days half a year apart: shift of its phase, s",
        apart,
        "< 1.3e-4, which the delay by the Sun explains",
        apart < 1.3e-4,
    )


def _of_astropy(time_s: NDArray[np.float64], ra: float, dec: float) -> NDArray[np.float64]:
    """Return barycentric times of photons at the Earth's centre, every tenth computed."""
    some = time_s[::10]
    centre = EarthLocation.from_geocentric(0, 0, 0, "m")
    instants = Time(51544.0, some / _DAY_S, format="mjd", scale="tt", location=centre)
    there = instants.light_travel_time(SkyCoord(ra, dec, unit="deg"), "barycentric", ephemeris="builtin")
    tdb = ((instants.tdb.jd1 - instants.jd1) + (instants.tdb.jd2 - instants.jd2)) * _DAY_S
    shift = np.interp(time_s, some, tdb + there.to_value("s"))
    return np.asarray(time_s + shift, np.float64)


def _phase(time_s: NDArray[np.float64], rate: NDArray[np.float64], period_s: float) -> float:
    """Return the phase of the best sine, in periods."""
    angle = 2 * np.pi * time_s / period_s
    wave, *_ = np.linalg.lstsq(np.stack([np.cos(angle), np.sin(angle), np.ones_like(angle)], axis=1), rate)
    return float(np.arctan2(wave[1], wave[0])) / (2 * np.pi)
