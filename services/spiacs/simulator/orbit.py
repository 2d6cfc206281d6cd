"""A Kepler orbit like that of INTEGRAL after 2015: 2.66 days, high apogee over the north; in the belts near perigee."""

import numpy as np
from numpy.typing import NDArray

from mesh.archive.times import ijd_from_utc

# Start of revolution 1626 and length of a revolution, good to half an hour in 2016-2019.
_PERIGEE_IJD = ijd_from_utc("2015-12-26T02:03:13")
_PERIOD_D = 2.65916
_MU_KM3_S2 = 398600.4418
_ECCENTRICITY = 0.82
_INCLINATION, _NODE, _PERIGEE = np.radians([60.0, 240.0, 270.0])
BELTS_KM = 50_000.0
"""Distance from the centre of the Earth below which the shield is switched off."""


def position_km(ijd: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return positions, equatorial, from the centre of the Earth, shape (n, 3)."""
    axis = (_MU_KM3_S2 * (_PERIOD_D * 86400 / (2 * np.pi)) ** 2) ** (1 / 3)
    mean = 2 * np.pi * (((ijd - _PERIGEE_IJD) / _PERIOD_D) % 1.0)
    anomaly = mean + _ECCENTRICITY * np.sin(mean)
    for _ in range(30):  # Newton, Kepler's equation
        step = (anomaly - _ECCENTRICITY * np.sin(anomaly) - mean) / (1 - _ECCENTRICITY * np.cos(anomaly))
        anomaly = anomaly - step
    x = axis * (np.cos(anomaly) - _ECCENTRICITY)
    y = axis * np.sqrt(1 - _ECCENTRICITY**2) * np.sin(anomaly)
    cos_w, sin_w, cos_n, sin_n = np.cos(_PERIGEE), np.sin(_PERIGEE), np.cos(_NODE), np.sin(_NODE)
    u, v = cos_w * x - sin_w * y, sin_w * x + cos_w * y
    cos_i, sin_i = np.cos(_INCLINATION), np.sin(_INCLINATION)
    return np.column_stack((cos_n * u - sin_n * cos_i * v, sin_n * u + cos_n * cos_i * v, sin_i * v))
