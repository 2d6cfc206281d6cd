"""From events to shadowgrams of any bands."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.fit import Shadowgram
from services.jemx.analysis.camera import camera
from services.jemx.analysis.detector import SHAPE
from services.jemx.analysis.exposed import Exposed
from services.jemx.analysis.model import model


def band_channels(low_kev: float, high_kev: float) -> NDArray[np.bool_]:
    """Which of the 256 channels belong to a band: those whose middle lies in it."""
    edges = model().channel_edges_kev()
    middle = (edges[1:] + edges[:-1]) / 2.0
    inside: NDArray[np.bool_] = (middle >= low_kev) & (middle < high_kev)
    return inside


def shadowgrams(window: Exposed, bands: Sequence[tuple[float, float]]) -> list[Shadowgram]:
    """Return the shadowgram of each band [low, high) in keV; bands may overlap."""
    made = []
    channel = window.events.channel
    for low, high in bands:
        chosen = window.used & band_channels(low, high)[channel]
        counts = np.bincount(window.pixel[chosen], minlength=SHAPE[0] * SHAPE[1]).reshape(SHAPE)
        lens = camera(window.events.unit, low, high)
        covered = window.covered(low, high)
        made.append(
            Shadowgram(low, high, counts.astype(np.float64), window.usable, window.live_time_s, lens, covered=covered)
        )
    return made
