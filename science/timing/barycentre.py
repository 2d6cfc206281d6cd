"""From the time at the spacecraft (TT) to that at the barycentre of the solar system (TDB).

The barycentric time of a photon from the direction n is ``t + (TDB - TT) + r n / c + 2 G M / c^3 ln(1 + cos theta)``:
r leads from the barycentre to the spacecraft, theta is the angle between n and the way from the Sun to the spacecraft
(Shapiro 1964). Earth and Sun are those of ERFA's ``epv00``, the ephemeris that astropy has built in: within 14 km of
JPL's, 45 us at most and 15 us usually. TDB - TT is ERFA's ``dtdb`` (Fairhead & Bretagnon 1990) at the Earth's centre,
which leaves out 2 us.
"""

import erfa
import numpy as np
from numpy.typing import NDArray

from mesh.kit.ogip.observation import DAY_S, MJDREF
from science.timing.orbit import Orbit

EPHEMERIS = "ERFA-EPV00"
_JD = 2400000.5
_LIGHT_KM_S = 299792.458
_AU_S = 149597870.7 / _LIGHT_KM_S
_SHAPIRO_S = 9.8510e-6
"""2 G M / c^3 of the Sun."""
_STEP_S = 60.0
"""Between the instants for which the Earth is computed; others are interpolated, to 10 ns."""

Array = NDArray[np.float64]


def barycentric_s(time_s: Array, ra: float, dec: float, orbit: Orbit | None) -> Array:
    """Return barycentric times, seconds (TDB) since MJD 51544.

    Args:
        time_s: times at the spacecraft, seconds (TT) since MJD 51544, any shape and order.
        ra: right ascension of the source, degrees (ICRS).
        dec: its declination, degrees.
        orbit: where the spacecraft was; the Earth's centre without one and where it does not tell.
    """
    time = np.asarray(time_s, np.float64)
    if not time.size:
        return time
    number = np.unique(np.floor(time / _STEP_S))
    nodes = np.union1d(number, number + 1.0) * _STEP_S
    found: Array = time + np.interp(time, nodes, _shift_s(nodes, ra, dec))
    if orbit is not None:
        # Of the places themselves: between what is known and what is not nothing is to be interpolated.
        found += orbit.at(time) @ _direction(ra, dec) / _LIGHT_KM_S
    return found


def _shift_s(time_s: Array, ra: float, dec: float) -> Array:
    """Return what is to be added to times at the Earth's centre."""
    day = time_s / DAY_S
    heliocentric, barycentric = erfa.epv00(_JD + MJDREF, day)
    to_source = _direction(ra, dec)
    sun = heliocentric["p"]
    cosine = sun @ to_source / np.linalg.norm(sun, axis=-1)
    return np.asarray(
        erfa.dtdb(_JD + MJDREF, day, day % 1.0, 0.0, 0.0, 0.0)
        + barycentric["p"] @ to_source * _AU_S
        + _SHAPIRO_S * np.log(np.maximum(1.0 + cosine, 1e-5)),  # the disc of the Sun ends there
        np.float64,
    )


def _direction(ra: float, dec: float) -> Array:
    a, d = np.radians(ra), np.radians(dec)
    return np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
