"""From sky directions to the instrument frame and back.

The instrument frame has X along the instrument's axis, Y and Z along the detector. A direction is given by its tangents
``tz = s_z / s_x`` and ``ty = s_y / s_x``, in which the projection of the mask is linear and the sky image a
gnomonic (TAN) projection.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray


def unit_vector(ra_deg: ArrayLike, dec_deg: ArrayLike) -> NDArray[np.float64]:
    """Equatorial unit vectors, shape (..., 3), of right ascensions and declinations in degrees."""
    ra, dec = np.radians(np.asarray(ra_deg, float)), np.radians(np.asarray(dec_deg, float))
    return np.stack([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)], axis=-1)


def sky_position(vector: NDArray[np.float64]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Right ascension (0-360) and declination in degrees of vectors of shape (..., 3)."""
    x, y, z = vector[..., 0], vector[..., 1], vector[..., 2]
    return np.degrees(np.arctan2(y, x)) % 360.0, np.degrees(np.arctan2(z, np.hypot(x, y)))


def separation_arcmin(ra1: ArrayLike, dec1: ArrayLike, ra2: ArrayLike, dec2: ArrayLike) -> NDArray[np.float64]:
    """Angle between two directions, arcmin; exact for small angles too. All arguments in degrees."""
    one, two = unit_vector(ra1, dec1), unit_vector(ra2, dec2)
    chord = np.linalg.norm(one - two, axis=-1)
    angle: NDArray[np.float64] = np.degrees(2.0 * np.arcsin(np.minimum(chord / 2.0, 1.0))) * 60.0
    return angle


@dataclass(frozen=True)
class Attitude:
    """Orientation of the instrument: ``axes`` are its X, Y, Z unit vectors in equatorial coordinates, as rows.

    ``mounting`` is the rotation from spacecraft to instrument axes.
    """

    axes: NDArray[np.float64]
    mounting: NDArray[np.float64]

    @classmethod
    def from_spacecraft(
        cls, ra_x: float, dec_x: float, ra_z: float, dec_z: float, mounting: NDArray[np.float64]
    ) -> "Attitude":
        """Orientation from the RA_SCX, DEC_SCX, RA_SCZ, DEC_SCZ keywords (degrees)."""
        x, z = unit_vector(ra_x, dec_x), unit_vector(ra_z, dec_z)
        z = z - x * (x @ z)
        z /= np.linalg.norm(z)
        return cls(mounting @ np.stack([x, np.cross(z, x), z]), mounting)

    def spacecraft(self) -> tuple[float, float, float, float]:
        """RA_SCX, DEC_SCX, RA_SCZ, DEC_SCZ in degrees: the inverse of ``from_spacecraft``."""
        body = self.mounting.T @ self.axes
        (ra_x, ra_z), (dec_x, dec_z) = sky_position(body[[0, 2]])
        return float(ra_x), float(dec_x), float(ra_z), float(dec_z)

    def tangents(self, ra_deg: ArrayLike, dec_deg: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Tangents (tz, ty) of sky directions; NaN for directions behind the instrument."""
        s = unit_vector(ra_deg, dec_deg) @ self.axes.T
        x = np.where(s[..., 0] > 0.0, s[..., 0], np.nan)
        return s[..., 2] / x, s[..., 1] / x

    def sky(self, tz: ArrayLike, ty: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Right ascension and declination, degrees, of tangents (tz, ty)."""
        tz, ty = np.broadcast_arrays(np.asarray(tz, float), np.asarray(ty, float))
        return sky_position(np.stack([np.ones_like(tz), ty, tz], axis=-1) @ self.axes)
