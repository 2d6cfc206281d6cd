"""The JEM-X detector: a round gas chamber read out by anodes of 1 mm, some of them dead, and hot spots."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

RADIUS_MM = 126.0
"""Sensitive window: 499 cm2."""
PITCH_MM = 1.0
"""Of the 256 x 256 raw positions."""
OPEN_SHARE = 0.25
"""Of the mask: effective areas are those behind it."""


@dataclass(frozen=True)
class DetectorState:
    """Condition of a detector.

    Args:
        dead_anodes: raw positions along X that never report; their neighbours are flagged.
        hot_spots: raw positions (x, y) that fire by themselves and are flagged.
        gain: measured over nominal energy.
    """

    dead_anodes: tuple[int, ...] = ()
    hot_spots: tuple[tuple[int, int], ...] = ()
    gain: float = 1.0


def draw_state(
    rng: np.random.Generator, *, dead_anodes: int = 6, hot_spots: int = 2, gain: float = 1.0
) -> DetectorState:
    """Draw the condition of a detector."""
    anodes = tuple(int(a) for a in np.sort(rng.choice(np.arange(10, 246), dead_anodes, replace=False)))
    spots = tuple((int(x), int(y)) for x, y in rng.integers(60, 196, (hot_spots, 2)))
    return DetectorState(anodes, spots, gain)


def raw(position_mm: NDArray[np.float64]) -> NDArray[np.int64]:
    """Raw position 0-255 of a place along one axis, mm from the centre."""
    place: NDArray[np.int64] = np.clip(np.floor(position_mm / PITCH_MM) + 128, 0, 255).astype(np.int64)
    return place


def collimator(slope_y: float, slope_z: float, zero_deg: float = 7.2) -> float:
    """Share of photons that the square tubes let through: a triangle along each axis, zero at 7.2 degrees."""
    reach = np.tan(np.radians(zero_deg))
    return float(max(1.0 - abs(slope_y) / reach, 0.0) * max(1.0 - abs(slope_z) / reach, 0.0))
