"""Check of the gain: where the fluorescence line of xenon lies in the spectrum of all events of a window."""

import numpy as np
from numpy.typing import NDArray

from services.jemx.analysis.model import model

_REACH_KEV = 4.0
_LEAST_SIGMA = 10.0


def measured_gain(channel: NDArray[np.uint8]) -> float:
    """Measured over nominal energy of the line; NaN where it stands out by less than 10 sigma.

    The line is a Gaussian of the detector's resolution on a straight continuum, fitted by least squares with its
    place as one of the parameters.

    Args:
        channel: PI channels of the good events.
    """
    edges = model().channel_edges_kev()
    middle, width = (edges[1:] + edges[:-1]) / 2.0, np.diff(edges)
    counts = np.bincount(channel, minlength=256)[:256]
    nominal = model().xenon_kev
    sigma = float(model().energy_fwhm_kev(np.array(nominal))) / np.sqrt(8.0 * np.log(2.0))
    near = np.abs(middle - nominal) < _REACH_KEV
    if counts[near].sum() < 1.0:
        return float("nan")
    x, y, dx = middle[near], counts[near].astype(float), width[near]
    weight = 1.0 / np.maximum(y, 1.0)
    place = nominal
    for _ in range(10):
        shape = np.exp(-(((x - place) / sigma) ** 2) / 2.0)
        columns = np.stack([shape * dx, shape * (x - place) / sigma**2 * dx, dx, (x - nominal) * dx])
        matrix = (columns * weight) @ columns.T
        covariance = np.linalg.inv(matrix + 1e-12 * np.diag(np.diag(matrix)))
        level, slope, *_ = covariance @ ((columns * weight) @ y)
        if level < _LEAST_SIGMA * np.sqrt(covariance[0, 0]):
            return float("nan")
        step = float(np.clip(slope / level, -1.0, 1.0))
        place += step
        if abs(place - nominal) > _REACH_KEV / 2.0 or abs(step) < 1e-4:
            break
    return place / nominal
