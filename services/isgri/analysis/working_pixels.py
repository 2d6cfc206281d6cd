"""Which pixels work, from the counts at all energies: neither dead nor hot, whatever shines on them.

Where no source outshines the background pixels are compared with the median of their module. Where many pixels side by
side are off it, as under the open cells of the mask when a source of several Crab shines, or where pixels scatter far
more than their background does, they are compared with a model of the shadowgram that has the very bright sources in
it. Spectra and light curves need to know of these too, whoever asks for which sources.
"""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from science.coded_mask.bright_sources import bright_sources
from science.coded_mask.catalogue import CatalogueSource
from science.coded_mask.fit import Shadowgram
from science.coded_mask.geometry import Attitude
from science.coded_mask.validation import Validation
from services.isgri.analysis.background import templates
from services.isgri.analysis.camera import CAMERA
from services.isgri.analysis.detector import module_map

ALL_ENERGIES_KEV = (0.0, 2000.0)
_HOT, _COLD, _SLACK_SIGMA = 2.0, 0.4, 4.0
"""Pixels above or below these multiples of what is expected are not used."""
_LEAST_CROWD = 10
"""Pixels off the median beside others that are: so many are no accident of single pixels."""
_ALONE = 3.0
"""A pixel above this multiple of all but one of its neighbours is hot: an open cell of the mask lights several."""
_SCATTER = 0.4
"""Pixels that scatter so much around the median of their module, beyond Poisson noise, are lit by a source: those of
real windows without one scatter by 0.19, half and half of them lit as brightly as the background by 0.5."""
_NEIGHBOURS = np.array([[1, 1, 1], [1, 0, 1], [1, 1, 1]], bool)
_MANY = 0.01
"""Share of hot and cold pixels that is worth a warning."""

Image = NDArray[np.float64]


def working_pixels(  # noqa: PLR0917
    total: Image,
    live_time_s: float,
    efficiency: Image,
    known: Sequence[CatalogueSource],
    attitude: Attitude,
    validation: Validation,
) -> tuple[NDArray[np.bool_], tuple[tuple[float, float], ...]]:
    """Return the pixels that work, detector shape, and the places (tz, ty) of sources as bright as the background.

    Args:
        total: counts per pixel at all energies, flagged ones left out.
        live_time_s: exposure corrected for dead time.
        efficiency: live time of each pixel over that.
        known: sources whose place is known.
        attitude: of the instrument.
        validation: takes how many are left out and why.
    """
    alive = (module_map() >= 0) & (total > 0)
    expected = _module_medians(total, alive)
    hot, cold = _off(total, expected, alive)
    where = ""
    bright: tuple[tuple[float, float], ...] = ()
    if _crowd(hot) + _crowd(cold) >= _LEAST_CROWD or _scatter(total, expected, alive) > _SCATTER:
        neighbour = ndimage.rank_filter(total, -2, footprint=_NEIGHBOURS, mode="constant")
        alone = hot & (total > _ALONE * neighbour + _SLACK_SIGMA * np.sqrt(neighbour))
        data = Shadowgram(*ALL_ENERGIES_KEV, total, alive & ~alone, live_time_s, CAMERA, None, efficiency)
        model, sources = bright_sources(data, templates(), known, attitude)
        if sources:
            hot, cold = _off(total, np.maximum(model, 0.0), alive)
            bright = tuple((source.tz, source.ty) for source in sources)
            places = [attitude.sky(source.tz, source.ty) for source in sources]
            listed = ", ".join(f"RA {float(ra):.2f} Dec {float(dec):+.2f}" for ra, dec in places)
            where = f", with what sources as bright as the background give them ({listed})"
    left_out = int(hot.sum() + cold.sum())
    text = (
        f"{left_out} of {int(alive.sum())} working pixels left out: {int(hot.sum())} count more than {_HOT:g} times, "
        f"{int(cold.sum())} less than {_COLD:g} times of what is expected of them{where}"
    )
    if where or left_out > _MANY * alive.sum():
        validation.warn(text)
    else:
        validation.note(text)
    return alive & ~hot & ~cold, bright


def _module_medians(total: Image, alive: NDArray[np.bool_]) -> Image:
    """Return the median of the working pixels of each pixel's module, detector shape."""
    modules = module_map()
    medians = np.zeros(9)
    for module in range(8):
        inside = alive & (modules == module)
        medians[module] = np.median(total[inside]) if inside.any() else 0.0
    return np.asarray(medians[modules], np.float64)  # -1 between modules is the last


def _off(total: Image, expected: Image, alive: NDArray[np.bool_]) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Return the hot and the cold pixels."""
    slack = _SLACK_SIGMA * np.sqrt(expected)
    return alive & (total > _HOT * expected + slack), alive & (total < _COLD * expected - slack)


def _scatter(total: Image, expected: Image, alive: NDArray[np.bool_]) -> float:
    """Return by how much most pixels scatter around what is expected, relative to it, beyond Poisson noise."""
    some = alive & (expected > 0.0)
    if not some.any():
        return 0.0
    ratio = total[some] / expected[some]
    width = float(np.median(np.abs(ratio - np.median(ratio)))) / 0.6745
    return float(np.sqrt(max(width**2 - float(np.median(1.0 / expected[some])), 0.0)))


def _crowd(off: NDArray[np.bool_]) -> int:
    """Return how many pixels have two like them among their eight neighbours."""
    beside = ndimage.convolve(off.astype(np.int8), _NEIGHBOURS.astype(np.int8), mode="constant")
    return int(np.count_nonzero(off & (beside >= 2)))
