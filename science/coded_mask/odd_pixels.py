"""Pixels that are far off the model of a shadowgram."""

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.fit import ShadowgramFit
from science.coded_mask.poisson import significance

_HOT, _COLD = 2.0, 0.4
_ODD_SIGMA = 5.0


def odd_pixels(fit: ShadowgramFit) -> NDArray[np.bool_]:
    """Pixels far off the model *with its sources* in one band; detector shape.

    They count more than twice or less than 0.4 of the model, by more than 5 sigma. Never compare with a model that
    lacks the sources: pixels lit by a bright one would be lost.
    """
    ratio_off = (fit.counts > _HOT * fit.expected) | (fit.counts < _COLD * fit.expected)
    odd = ratio_off & (np.abs(significance(fit.counts, fit.expected)) > _ODD_SIGMA)
    return fit.on_detector(odd.astype(float)) > 0.0
