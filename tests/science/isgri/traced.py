"""Simulated shadowgrams for the accuracy tests: photons traced by the simulator, never the analysis' own PIF."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.field import Field
from science.coded_mask.fit import Shadowgram, ShadowgramFit
from science.coded_mask.search import Candidates, find_sources
from services.isgri.analysis.background import templates
from services.isgri.analysis.camera import CAMERA
from services.isgri.analysis.detector import PIXELS, SHAPE, module_map
from services.isgri.simulator.detector import image_pixels, struck_pixels
from services.isgri.simulator.mask import defect_transmission, passes

LIVE_S = 1600.0
BACKGROUND_RATE = 176.0
"""Counts/s of the whole detector: about 20-40 keV of the early mission."""
CRAB = 142.0
"""Counts/s of the Crab in 20-40 keV."""
ARCMIN = np.pi / 180.0 / 60.0

Source = tuple[float, float, float]
"""Tangents (tz, ty) and flux in counts/s."""


@dataclass(frozen=True)
class Simulated:
    """One simulated shadowgram: counts and working pixels."""

    counts: NDArray[np.float64]
    live: NDArray[np.bool_]
    live_s: float = LIVE_S

    def field(self) -> Field:
        """Return a fit of one band without sources yet."""
        data = Shadowgram(20.0, 40.0, self.counts, self.live, self.live_s, CAMERA)
        return Field([ShadowgramFit(data, templates())])

    def searched(self, threshold: float = 6.0) -> Field:
        """Return the field after a blind search."""
        sky = self.field()
        find_sources(sky, Candidates([]), threshold)
        return sky


def simulate(
    rng: np.random.Generator,
    sources: list[Source],
    background: NDArray[np.float64] | None = None,
    *,
    live_s: float = LIVE_S,
    mask_transmission: NDArray[np.float64] | None = None,
) -> Simulated:
    """Simulate a shadowgram with module levels of +-4 % and 9 % dead pixels.

    Args:
        rng: source of random numbers.
        sources: what shines.
        background: factor on the flat background per pixel.
        live_s: exposure.
        mask_transmission: of each mask cell, shape (95, 95), where the mask has defects.
    """
    modules = module_map()
    live = (modules >= 0) & (rng.random(SHAPE) > 0.09)
    levels = 1.0 + rng.uniform(-0.04, 0.04, 8)
    expected = levels[np.maximum(modules, 0)] * BACKGROUND_RATE * live_s / PIXELS
    counts = rng.poisson(expected if background is None else expected * background).astype(np.float64)
    for tz, ty, flux in sources:
        counts += _traced_counts(rng, tz, ty, flux * live_s, mask_transmission)
    return Simulated(counts * live, live, live_s)


def somewhere(rng: np.random.Generator, low_deg: float, high_deg: float) -> tuple[float, float]:
    """Tangents of a random direction at this distance from the axis, degrees."""
    radius, angle = np.radians(rng.uniform(low_deg, high_deg)), rng.uniform(0.0, 2.0 * np.pi)
    return float(np.tan(radius) * np.sin(angle)), float(np.tan(radius) * np.cos(angle))


def expected_error(tz: float, ty: float, live_s: float = LIVE_S) -> float:
    """Expected flux error, counts/s, from the background alone; partially coded directions see fewer pixels."""
    off_axis = float(np.degrees(max(abs(tz), abs(ty))))
    coded = 1.0 if off_axis < 4.0 else 1.0 - (off_axis - 4.0) / 10.7
    return float(2.26 * np.sqrt(BACKGROUND_RATE / live_s / coded))


def _traced_counts(
    rng: np.random.Generator, tz: float, ty: float, photons: float, mask_transmission: NDArray[np.float64] | None
) -> NDArray[np.float64]:
    """Return counts per pixel of a source that gives ``photons`` to all pixels together when the mask is away."""
    # Photons fall on the whole plane; the pixels are PIXELS * 16 mm^2 of it.
    half_z, half_y = SHAPE[0] * 2.3, SHAPE[1] * 2.3
    count = rng.poisson(photons * 4.0 * half_z * half_y / (PIXELS * 16.0))
    y, z = rng.uniform(-half_y, half_y, count), rng.uniform(-half_z, half_z, count)
    column, row, sensitive = struck_pixels(y, z)
    seen = sensitive & passes(y, z, ty, tz)
    if mask_transmission is not None:
        seen[seen] = rng.random(int(seen.sum())) < defect_transmission(mask_transmission, y[seen], z[seen], ty, tz)
    counts = np.zeros(SHAPE)
    np.add.at(counts, (image_pixels(row[seen], 32), image_pixels(column[seen], 64)), 1.0)
    return counts
