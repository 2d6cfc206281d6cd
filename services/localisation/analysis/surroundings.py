"""What is around the spacecraft: Earth, Moon and Sun as it sees them, and how late light reaches it."""

from dataclasses import dataclass
from typing import Any

import numpy as np
from astropy.coordinates import get_body
from astropy.time import Time

from science.bursts.arrival import LIGHT_KM_S
from science.bursts.instants import DAY_S
from science.sky_maps.credible import Credible
from science.sky_maps.sky_map import Flags, Floats, angle_deg, ra_dec, unit_vector

EARTH_KM = 6378.1
FARTHEST_S = 0.54
"""Light time from the centre of the Earth to 160 000 km, beyond INTEGRAL's apogee."""
POLAR_HORIZON_DEG = 70.4
"""Radius of the Earth from 393 km, where POLAR was."""


@dataclass(frozen=True)
class Disc:
    """A body that covers a part of the sky.

    Args:
        direction: unit vector to its centre, shape (3,).
        radius_deg: as it is seen.
    """

    direction: Floats
    radius_deg: float

    def covers(self, directions: Floats) -> Flags:
        """Flag unit vectors behind it."""
        flags: Flags = angle_deg(directions, self.direction) < self.radius_deg
        return flags


def earth_from(position_km: Floats) -> Disc:
    """Return the Earth as a spacecraft sees it.

    Args:
        position_km: of the spacecraft from the centre of the Earth, shape (3,).
    """
    away = float(np.linalg.norm(position_km))
    radius = float(np.degrees(np.arcsin(min(1.0, EARTH_KM / away))))
    return Disc(-np.asarray(position_km, dtype=np.float64) / away, radius)


def earth_below(zenith: tuple[float, float]) -> Disc:
    """Return the Earth as POLAR sees it, from the direction of its zenith in degrees."""
    return Disc(-unit_vector(*zenith), POLAR_HORIZON_DEG)


def bodies(time_s: float, position_km: Floats | None) -> dict[str, Floats]:
    """Return unit vectors from the spacecraft to Sun, Moon, and Earth where its position is known.

    Args:
        time_s: seconds (TT) since MJD 51544.
        position_km: of the spacecraft; None: the Moon is told as from the centre of the Earth, good to 25 deg.
    """
    time = Time(51544.0, time_s / DAY_S, format="mjd", scale="tt")
    found = {}
    for name in ("sun", "moon"):
        place = get_body(name, time, ephemeris="builtin").cartesian.xyz.to_value("km")
        seen = np.asarray(place, dtype=np.float64) - (np.zeros(3) if position_km is None else position_km)
        found[name] = seen / np.linalg.norm(seen)
    if position_km is not None:
        found["earth"] = earth_from(position_km).direction
    return found


def light_travel(credible: Credible, position_km: Floats | None) -> dict[str, Any]:
    """Return how much later than the centre of the Earth the spacecraft is reached, s, over the map.

    For a source in direction n it is -(r n) / c. Without a position it is bounded by the apogee.

    Args:
        credible: regions of the map.
        position_km: of the spacecraft, shape (3,).
    """
    told: dict[str, Any] = {"meaning": "arrival at the spacecraft less arrival at the centre of the Earth, s"}
    if position_km is None:
        bounds = {"min": -FARTHEST_S, "max": FARTHEST_S}
        return told | {"known": False, "at_peak": None, "mean": None, "region_50": bounds, "region_90": bounds}
    sky = credible.sky
    late = -(sky.directions @ position_km) / LIGHT_KM_S
    told |= {
        "known": True,
        "at_peak": float(-(unit_vector(*sky.peak) @ position_km) / LIGHT_KM_S),
        "mean": float(sky.probability @ late),
    }
    for level in (0.5, 0.9):
        inside = late[credible.inside(level)]
        told[f"region_{100 * level:.0f}"] = {"min": float(inside.min()), "max": float(inside.max())}
    return told


def angles_to(direction: Floats, found: dict[str, Floats]) -> dict[str, dict[str, float]]:
    """Return RA and Dec of bodies and their angle to a direction, deg."""
    told = {}
    for name, body in found.items():
        ra, dec = ra_dec(body)
        told[name] = {"ra": ra, "dec": dec, "angle_deg": float(angle_deg(body, direction))}
    return told
