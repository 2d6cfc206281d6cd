"""All sources of a window fitted at once in any number of energy bands: what spectra and light curves share."""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.compiled import compiled
from science.coded_mask.extraction import Target, bystanders, targets_in_field
from science.coded_mask.joint_fit import JointFit, JointModel, fit_jointly
from science.coded_mask.pixel_scatter import PixelScatter, joint_scatter
from science.coded_mask.poisson import significance
from services.isgri.analysis.background import templates
from services.isgri.analysis.camera import CAMERA
from services.isgri.analysis.detector import PIXELS, SHAPE
from services.isgri.analysis.exposed_window import ExposedWindow
from services.isgri.analysis.shadowgram import shadowgrams

_HOT, _COLD, _ODD_SIGMA = 2.0, 0.4, 5.0
_GROUPS_KEV = (0.0, 40.0, 100.0, np.inf)
"""Pixels are compared with the model in these ranges: noise is often in one of them only."""
_TILE = 34
_TILED = np.lexsort((np.arange(SHAPE[0] * SHAPE[1]), *(place // _TILE for place in np.indices(SHAPE).reshape(2, -1))))
"""Pixels in an order in which neighbours on the detector are together, as ``joint_fit`` asks for."""
_CELLS = 4096
"""Parts of the range of energies: then few channels begin within one."""


@dataclass(frozen=True)
class WindowFit:
    """Sources of a window and their joint fit.

    ``pixels`` are the indices of the pixels in use in a flattened shadowgram, ``coded`` the share of the detector's
    live pixels that each source lights through open mask, times two: 1 for a source that all pixels see.
    ``counts_per_flux`` are those of each pixel in use, fully lit.
    """

    window: ExposedWindow
    targets: list[Target]
    pixels: NDArray[np.int64]
    fit: JointFit
    exposure_s: NDArray[np.float64]
    counts_per_flux: NDArray[np.float64]
    warnings: list[str]

    def scatter(self, groups: Sequence[NDArray[np.intp]]) -> PixelScatter:
        """Measure what the pixels' own differences add to the errors; ``groups`` are channels measured together."""
        coded = CAMERA.coded_fraction(*self.tangents())
        return joint_scatter(self.fit, groups, CAMERA, self.pixels, self.counts_per_flux, coded)

    def tangents(self) -> NDArray[np.float64]:
        """Return where the sources stand in the field, shape (2, sources): tangents (tz, ty)."""
        places = [(target.ra, target.dec) for target in self.targets]
        ra, dec = np.array(places).T
        return np.array(self.window.events.attitude.tangents(ra, dec))


@compiled
def _count(  # noqa: PLR0917
    energy: NDArray[np.float32],
    row: NDArray[np.uint8],
    column: NDArray[np.uint8],
    used: NDArray[np.bool_],
    edges: NDArray[np.float64],
    cells: NDArray[np.int64],
    counts: NDArray[np.float32],
) -> None:
    """Add each used event to the counts of its channel and pixel.

    ``cells`` cut the range of energies into equal parts and hold the channel in which each begins.
    """
    low, high = edges[0], edges[-1]
    scale = cells.size / (high - low)
    for i in range(energy.size):
        if not used[i] or energy[i] < low or energy[i] >= high:
            continue
        channel = cells[min(int((energy[i] - low) * scale), cells.size - 1)]
        # Rounding can have taken the cell before or after.
        while energy[i] < edges[channel]:
            channel -= 1
        while energy[i] >= edges[channel + 1]:
            channel += 1
        counts[channel, row[i], column[i]] += 1.0


def count_channels(window: ExposedWindow, edges_kev: NDArray[np.float64]) -> NDArray[np.float32]:
    """Return the counts of adjoining channels, shape (channels, 134 x 130)."""
    events = window.events
    begin = np.linspace(edges_kev[0], edges_kev[-1], _CELLS, endpoint=False)
    cells = np.searchsorted(edges_kev, begin, side="right") - 1
    counts = np.zeros((edges_kev.size - 1, *SHAPE), np.float32)
    _count(events.energy_kev, events.row, events.column, window.used, edges_kev.copy(), cells, counts)
    return counts.reshape(len(counts), -1)


def count_bands(window: ExposedWindow, bands: Sequence[tuple[float, float]]) -> NDArray[np.float32]:
    """Return the counts of any bands, which may overlap, shape (bands, 134 x 130)."""
    counts = shadowgrams(window.events, window.used, bands)
    return counts.reshape(len(counts), -1).astype(np.float32)


def pixel_of(window: ExposedWindow) -> NDArray[np.int64]:
    """Return the index of each event's pixel in a flattened shadowgram."""
    return window.events.row.astype(np.int64) * SHAPE[1] + window.events.column


def fit_window(
    window: ExposedWindow,
    targets: Sequence[Target],
    counts: NDArray[np.float32],
    middle_kev: NDArray[np.float64],
    background: NDArray[np.float64] | None = None,
) -> WindowFit:
    """Fit all sources that the window sees.

    Args:
        window: the window.
        targets: sources anywhere on the sky.
        counts: shape (channels, 134 x 130).
        middle_kev: middle of each channel.
        background: factor of each pixel on a smooth background, shape (channels, 134, 130); None where all are 1.

    Raises:
        ScienceFailure: EmptyField: the window sees none of the sources.
    """
    seen, warnings = targets_in_field(targets, window.events.attitude, CAMERA)
    others, told = bystanders(window.bright, [target for target, _ in seen], window.events.attitude, CAMERA)
    pifs = [pif for _, pif in seen], [CAMERA.illumination(*place) for place in others]
    live_s = (window.live_map_s() * window.thresholds.counting(float(middle_kev.min()))).ravel()
    pixels = _TILED[live_s[_TILED] > 0.0]
    joint = fit_jointly(counts[:, pixels], _model(pifs, live_s, pixels, background))
    odd = _odd_pixels(joint, middle_kev)
    if odd.any():
        pixels = pixels[~odd]
        joint = fit_jointly(counts[:, pixels], _model(pifs, live_s, pixels, background))
    # A fully coded source lights half of the pixels.
    lit = np.array([2.0 * float((pif.ravel()[pixels] * live_s[pixels]).sum()) / PIXELS for _, pif in seen])
    return WindowFit(
        window, [target for target, _ in seen], pixels, joint, lit, live_s[pixels] / PIXELS, [*warnings, *told]
    )


def _model(
    pifs: tuple[Sequence[NDArray[np.float64]], Sequence[NDArray[np.float64]]],
    live_s: NDArray[np.float64],
    pixels: NDArray[np.int64],
    background: NDArray[np.float64] | None,
) -> JointModel:
    rows = np.array([template.ravel()[pixels] for template in templates()])
    sources, others = (
        np.array([pif.ravel()[pixels] * live_s[pixels] / PIXELS for pif in part]).reshape(-1, pixels.size)
        for part in pifs
    )
    return JointModel(
        sources=sources,
        templates=rows[np.any(rows != 0.0, axis=1)],
        bystanders=others,
        maps=None if background is None else background.reshape(len(background), -1)[:, pixels],
    )


def _seen(joint: JointFit, channels: NDArray[np.intp], counts: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which sources are significant in some channels together, with the scatter of the pixels in the errors."""
    expected = np.maximum(joint.expected(channels), 1e-3)
    scatter = max(float(np.mean((counts - expected) ** 2 / expected)), 1.0)
    error = np.sqrt((joint.flux_error[:, channels] ** 2).sum(axis=1) * scatter)
    return np.asarray(joint.flux[:, channels].sum(axis=1) > _ODD_SIGMA * error)


def _odd_pixels(joint: JointFit, middle_kev: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Pixels far off the model with its sources in some energy range: hot ones, and such as are noisy there only.

    Sources count that are seen. A flux that is but noise would keep the pixels that made it and lose the others, and
    so grow by a fifth where a third of the pixels are near the limits.
    """
    odd = np.zeros(joint.counts.shape[1], bool)
    for low, high in pairwise(_GROUPS_KEV):
        channels = np.flatnonzero((middle_kev >= low) & (middle_kev < high))
        if not channels.size:
            continue
        counts = joint.counts[channels].sum(axis=0, dtype=np.float64)
        seen = _seen(joint, channels, counts)
        expected = np.maximum(joint.expected(channels, seen), 1e-3)
        off = (counts > _HOT * expected) | (counts < _COLD * expected)
        odd |= off & (np.abs(significance(counts, expected)) > _ODD_SIGMA)
    return odd
