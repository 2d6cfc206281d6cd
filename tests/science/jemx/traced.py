"""Shadowgrams of JEM-X from the photon-tracing simulator, with known truth, for the tests of its analysis."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.field import Field
from science.coded_mask.fit import Shadowgram, ShadowgramFit
from services.jemx.analysis.camera import camera
from services.jemx.analysis.detector import window
from services.jemx.simulator import spectra
from services.jemx.simulator.detector import OPEN_SHARE, RADIUS_MM
from services.jemx.simulator.photons import BACKGROUND_RATE, background_events, traced

BAND = (3.0, 35.0)
LIVE_S = 1640.0
"""A window of 2 ks at a live fraction of 0.82."""
CRAB = spectra.crab_rate()
_MARGIN = (1.0 + 3.0 / RADIUS_MM) ** 2


def binned(y_mm: NDArray[np.float64], z_mm: NDArray[np.float64]) -> NDArray[np.float64]:
    """Counts per pixel of 1 mm, shape (252, 252), rows along Z."""
    edges = np.arange(-126.0, 127.0)
    counts: NDArray[np.float64] = np.histogram2d(z_mm, y_mm, bins=[edges, edges])[0]
    return counts


def simulate(rng: np.random.Generator, sources: Sequence[tuple[float, float, float]]) -> Field:
    """Return a fit without sources yet, of a window with these sources: (tz, ty, fraction of the Crab).

    Photons of 3-35 keV by true energy, smeared in place as their energies are.
    """
    background = background_events(rng, LIVE_S, BACKGROUND_RATE)
    counts = binned(background.y_mm, background.z_mm)
    for tz, ty, crab in sources:
        photons = rng.poisson(crab * CRAB / OPEN_SHARE * _MARGIN * LIVE_S)
        energy = np.zeros(0)
        while energy.size < photons:
            drawn = spectra.draw_source(rng, 2.1, 2 * photons + 100)
            energy = np.concatenate([energy, drawn[(drawn >= BAND[0]) & (drawn < BAND[1])]])
        y, z, seen = traced(rng, (ty, tz), photons, energy[:photons])
        counts += binned(y[seen], z[seen])
    lens = camera(1, *BAND)
    data = Shadowgram(*BAND, counts * window(), window(), LIVE_S, lens)
    return Field([ShadowgramFit(data, lens.templates())])
