"""Where the simulated observatory points: attitude and start of science windows, and dithered series of them."""

import re
from dataclasses import dataclass

import numpy as np
from astropy.coordinates import SkyCoord, get_sun
from astropy.time import Time
from astropy.units import deg
from numpy.typing import NDArray

from mesh.archive.times import IJD_OFFSET, ijd_from_utc

_STEP_DEG = 2.17
_PATTERN_TURN_DEG = 17.0  # every 25 pointings the pattern is turned, as the observatory does since 2007
_CADENCE_S, _SLEW_S = 2150.0, 130.0  # from start to start; longer windows make it longer
# Revolution 2016 by its start and period; science begins outside the radiation belts.
_REVOLUTION, _REVOLUTION_START, _REVOLUTION_D = 2016, "2018-10-28T03:45:00", 2.65916
_FIRST_POINTING = 27
_BELTS_S = 28800.0


@dataclass(frozen=True)
class Pointing:
    """Attitude and start of one science window.

    Args:
        scw: identifier RRRRPPPPSSSF.VVV; '.001' is understood when the version is missing.
        ra_x, dec_x: J2000 direction of the spacecraft X axis (the pointing) [deg].
        ra_z, dec_z: J2000 direction of the spacecraft Z axis [deg].
        t_start_ijd: start of the window, IJD (TT).

    Raises:
        ValueError: the identifier is malformed.
    """

    scw: str
    ra_x: float
    dec_x: float
    ra_z: float
    dec_z: float
    t_start_ijd: float

    def __post_init__(self) -> None:
        if not re.fullmatch(r"\d{12}(\.\d{3})?", self.scw):
            raise ValueError(f"'{self.scw}' is not a science window; the form is RRRRPPPPSSSF.VVV")

    @property
    def swid(self) -> str:
        """The identifier without its version."""
        return self.scw[:12]

    @property
    def version(self) -> str:
        """The version, three digits."""
        return self.scw[13:] or "001"

    @property
    def revolution(self) -> int:
        """Number of the revolution."""
        return int(self.scw[:4])

    def axes(self) -> NDArray[np.float64]:
        """Spacecraft axes X (the pointing), Y = Z x X and Z as rows.

        The Z axis is made exactly perpendicular to X first: headers carry both with limited precision.
        """
        x_axis, z_axis = direction(self.ra_x, self.dec_x), direction(self.ra_z, self.dec_z)
        z_axis = z_axis - (z_axis @ x_axis) * x_axis
        z_axis /= np.linalg.norm(z_axis)
        return np.array([x_axis, np.cross(z_axis, x_axis), z_axis])


def direction(ra_deg: float, dec_deg: float) -> NDArray[np.float64]:
    """Give the unit vector of a J2000 direction, shape (3,)."""
    ra, dec = np.radians(ra_deg), np.radians(dec_deg)
    return np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])


def radec(vector: NDArray[np.float64]) -> tuple[float, float]:
    """J2000 right ascension (0-360) and declination of a vector [deg]."""
    x, y, z = vector / np.linalg.norm(vector)
    return float(np.degrees(np.arctan2(y, x)) % 360.0), float(np.degrees(np.arcsin(z)))


def dithered(ra: float, dec: float, count: int, span_s: float) -> list[Pointing]:
    """Pointings of a 5 x 5 dither of 2.17 deg steps, nearest to the centre first, the Sun in the X-Z plane.

    Args:
        ra: right ascension of the centre of the pattern, J2000 [deg].
        dec: its declination [deg].
        count: number of pointings, from 201600270010 on; later revolutions follow when one is full.
        span_s: length of each window [s].

    Raises:
        ValueError: count below 1, or a length that fits no 27 pointings into a revolution.
    """
    if count < 1:
        raise ValueError("an archive needs at least one science window")
    cadence_s = max(_CADENCE_S, span_s + _SLEW_S)
    per_revolution = int((_REVOLUTION_D * 86400.0 - _BELTS_S) / cadence_s)
    if per_revolution < _FIRST_POINTING:
        raise ValueError(f"{span_s:g} s is too long: a revolution must hold {_FIRST_POINTING} pointings")
    centre = SkyCoord(ra, dec, unit="deg")
    offsets = _dither_offsets()
    pointings = []
    for number in range(count):
        later, in_revolution = divmod(_FIRST_POINTING - 1 + number, per_revolution)
        start = ijd_from_utc(_REVOLUTION_START) + later * _REVOLUTION_D
        start += (_BELTS_S + in_revolution * cadence_s) / 86400.0
        pattern, place = divmod(number, len(offsets))
        angle = np.radians(pattern * _PATTERN_TURN_DEG)
        east, north = offsets[place]
        turned = (east * np.cos(angle) - north * np.sin(angle), east * np.sin(angle) + north * np.cos(angle))
        place_on_sky = centre.spherical_offsets_by(turned[0] * deg, turned[1] * deg)
        scw = f"{_REVOLUTION + later:04d}{in_revolution + 1:04d}0010.001"
        pointings.append(sun_pointed(scw, float(place_on_sky.ra.deg), float(place_on_sky.dec.deg), start))
    return pointings


def _dither_offsets() -> list[tuple[float, float]]:
    """List the 25 offsets of the pattern [deg east, deg north], from the centre outwards."""
    grid = [(float(i), float(j)) for i in range(-2, 3) for j in range(-2, 3)]
    grid.sort(key=lambda p: (max(abs(p[0]), abs(p[1])), np.arctan2(p[1], p[0])))
    return [(_STEP_DEG * i, _STEP_DEG * j) for i, j in grid]


def sun_pointed(scw: str, ra: float, dec: float, start_ijd: float) -> Pointing:
    """Point X at a direction and Z as near to the Sun as it goes: the solar panels turn about Y only."""
    sun = get_sun(Time(start_ijd + IJD_OFFSET, format="mjd", scale="tt"))
    x_axis = direction(ra, dec)
    to_sun = direction(float(sun.ra.deg), float(sun.dec.deg))
    ra_z, dec_z = radec(to_sun - (to_sun @ x_axis) * x_axis)
    return Pointing(scw, ra, dec, ra_z, dec_z, start_ijd)
