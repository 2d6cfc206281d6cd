"""Simulated shadowgrams for the accuracy tests: photons traced by the simulator, never the analysis' own PIF."""

from dataclasses import dataclass

import numpy as np
from coded_mask.field import Field
from coded_mask.fit import Shadowgram, ShadowgramFit
from isgri_analysis.background import templates
from isgri_analysis.camera import CAMERA
from isgri_analysis.detector import PIXELS, SHAPE, module_map
from numpy.typing import NDArray

from services.isgri.simulator.detector import image_pixels, struck_pixels
from services.isgri.simulator.mask import passes

LIVE_S = 1600.0
BACKGROUND_RATE = 176.0
"""Counts/s of the whole detector: about 20-40 keV of the early mission."""

Source = tuple[float, float, float]
"""Tangents (tz, ty) and flux in counts/s."""


@dataclass(frozen=True)
class Simulated:
    """One simulated shadowgram: counts and working pixels."""

    counts: NDArray[np.float64]
    live: NDArray[np.bool_]

    def field(self) -> Field:
        """Return a fit of one band without sources yet."""
        data = Shadowgram(20.0, 40.0, self.counts, self.live, LIVE_S, CAMERA)
        return Field([ShadowgramFit(data, templates())])


def simulate(
    rng: np.random.Generator, sources: list[Source], background: NDArray[np.float64] | None = None
) -> Simulated:
    """Simulate a shadowgram with module levels of +-4 % and 9 % dead pixels.

    Args:
        rng: source of random numbers.
        sources: what shines.
        background: factor on the flat background per pixel.
    """
    modules = module_map()
    live = (modules >= 0) & (rng.random(SHAPE) > 0.09)
    levels = 1.0 + rng.uniform(-0.04, 0.04, 8)
    expected = levels[np.maximum(modules, 0)] * BACKGROUND_RATE * LIVE_S / PIXELS
    counts = rng.poisson(expected if background is None else expected * background).astype(np.float64)
    for tz, ty, flux in sources:
        counts += _traced_counts(rng, tz, ty, flux * LIVE_S)
    return Simulated(counts * live, live)


def _traced_counts(rng: np.random.Generator, tz: float, ty: float, photons: float) -> NDArray[np.float64]:
    """Return counts per pixel of a source that gives ``photons`` to all pixels together when the mask is away."""
    # Photons fall on the whole plane; the pixels are PIXELS * 16 mm^2 of it.
    half_z, half_y = SHAPE[0] * 2.3, SHAPE[1] * 2.3
    count = rng.poisson(photons * 4.0 * half_z * half_y / (PIXELS * 16.0))
    y, z = rng.uniform(-half_y, half_y, count), rng.uniform(-half_z, half_z, count)
    column, row, sensitive = struck_pixels(y, z)
    seen = sensitive & passes(y, z, ty, tz)
    counts = np.zeros(SHAPE)
    np.add.at(counts, (image_pixels(row[seen], 32), image_pixels(column[seen], 64)), 1.0)
    return counts
