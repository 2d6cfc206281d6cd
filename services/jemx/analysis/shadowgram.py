"""From events to shadowgrams of any bands."""

from collections.abc import Sequence

import numpy as np

from science.coded_mask.fit import Shadowgram
from services.jemx.analysis.camera import camera
from services.jemx.analysis.detector import SHAPE
from services.jemx.analysis.exposed import Exposed


def shadowgrams(window: Exposed, bands: Sequence[tuple[float, float]]) -> list[Shadowgram]:
    """Return the shadowgram of each band [low, high) in keV; bands may overlap."""
    made = []
    for low, high in bands:
        chosen = window.in_band(low, high)
        counts = np.bincount(window.pixel[chosen], minlength=SHAPE[0] * SHAPE[1]).reshape(SHAPE)
        lens = camera(window.events.unit, low, high)
        covered = window.covered(low, high)
        made.append(
            Shadowgram(low, high, counts.astype(np.float64), window.usable, window.live_time_s, lens, covered=covered)
        )
    return made
