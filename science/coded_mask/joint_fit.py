"""Joint fits of all sources and the background in many energy channels at once.

The model of ``fit``, ``m_i = sum_s F_s a_i PIF_is + b_i sum_c beta_c T_ic``, in every channel with its own fluxes,
background map b and coefficients. The rows of the model are the same in all channels and only the variance differs,
so that the products of all pairs of rows are made once and the normal matrices of all channels are one matrix
product: ``A = V^-1 Q`` with ``Q`` (pixels x pairs) and ``V^-1`` (channels x pixels).

Poisson maximum likelihood by Fisher scoring, the first pass with the variance of the background alone. The variance
is that of the model, never of the counts: that would bias fluxes in channels with few counts.
"""

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

_BLOCK = 2048
"""Pixels at a time: the products of 40 rows then take 13 MB."""
_RIDGE = 1e-12
_FLOOR = 0.05
"""Smallest variance of a pixel in units of its share of all counts: negative fluxes cannot make it vanish."""
_PASSES = 3
"""The second is the first that knows the variance of the sources; a third moves fluxes by 0.1 sigma at most."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class JointModel:
    """The rows of the model on the pixels in use.

    Args:
        sources: shape (sources, pixels): counts per unit flux.
        templates: shape (templates, pixels): background templates in any unit. The sum of those that are nowhere
            negative is where the first pass starts from.
        maps: background map of each channel, shape (channels, pixels), in any unit, above 0; None where it is flat.
    """

    sources: Array
    templates: Array
    maps: Array | None = None

    def background(self, channel: int) -> Array:
        """Return the background rows of one channel, shape (templates, pixels)."""
        return self.templates if self.maps is None else self.templates * self.maps[channel]


@dataclass(frozen=True)
class JointFit:
    """Result of a joint fit. Background coefficients come first, then fluxes.

    ``parameters`` has shape (channels, rows), ``covariance`` (channels, rows, rows), ``chi2`` is Pearson's chi2. Errors
    are those of Poisson noise; ``pixel_scatter`` tells what the pixels' own differences add.
    """

    model: JointModel
    counts: NDArray[np.float32] | Array
    parameters: Array
    covariance: Array
    least: Array
    chi2: Array

    @property
    def flux(self) -> Array:
        """Fluxes, shape (sources, channels)."""
        return self.parameters[:, len(self.model.templates) :].T

    @property
    def flux_error(self) -> Array:
        """1 sigma errors of the fluxes, all else free, shape (sources, channels)."""
        first = len(self.model.templates)
        error: Array = np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2)[:, first:]).T
        return error

    @property
    def chi2_per_dof(self) -> Array:
        """chi2 over degrees of freedom, per channel."""
        dof = max(self.counts.shape[1] - self.parameters.shape[1], 1)
        return np.asarray(self.chi2 / dof)

    def background(self, channels: NDArray[np.intp]) -> Array:
        """Fitted background counts per pixel, summed over some channels."""
        part = self.parameters[channels, : len(self.model.templates)]
        if self.model.maps is None:
            return np.asarray(part.sum(axis=0) @ self.model.templates)
        level: Array = ((part @ self.model.templates) * self.model.maps[channels]).sum(axis=0)
        return level

    def background_rows(self, channels: NDArray[np.intp]) -> Array:
        """Background templates of some channels together, shape (templates, pixels)."""
        if self.model.maps is None:
            return self.model.templates
        rows: Array = self.model.templates * self.model.maps[channels].mean(axis=0)
        return rows

    def expected(self, channels: NDArray[np.intp], sources: NDArray[np.bool_] | None = None) -> Array:
        """Model counts per pixel, summed over some channels; with the background and all or some of the sources."""
        fluxes = self.flux[:, channels].sum(axis=1)
        used = np.ones(fluxes.size, bool) if sources is None else sources
        return np.asarray(self.background(channels) + fluxes[used] @ self.model.sources[used])

    def variance(self, channel: int) -> Array:
        """Return the model variance of each pixel in one channel."""
        variance: Array = _variance(self.model, self.parameters, self.least, slice(None))[channel]
        return variance


def fit_jointly(counts: NDArray[np.float32] | Array, model: JointModel) -> JointFit:
    """Fit fluxes and background coefficients of every channel.

    Args:
        counts: shape (channels, pixels), on the pixels in use.
        model: rows on the same pixels.
    """
    least = _least(counts, model)
    parameters: Array | None = None
    for number in range(1, _PASSES + 1):
        # All but the last pass only prepare the variance of the next: single precision does, and takes half the time.
        parameters, covariance = _pass(counts, model, parameters, least, exact=number == _PASSES)
    assert parameters is not None  # noqa: S101  # there is at least one pass
    return JointFit(model, counts, parameters, covariance, least, _chi2(counts, model, parameters, least))


def _least(counts: NDArray[np.float32] | Array, model: JointModel) -> Array:
    """Return the factor, per channel, on the flat background that is the smallest variance of a pixel."""
    start = _start(model, slice(None))
    total = np.maximum(counts.sum(axis=1, dtype=np.float64), 1.0)
    scale: Array = total / (start.sum(axis=1) if model.maps is not None else start.sum())
    return scale


def _start(model: JointModel, block: slice) -> Array:
    """Return the background from which the first pass starts, per channel where maps are given, shape (1 or C, n)."""
    positive = (model.templates >= 0.0).all(axis=1)
    start: Array = model.templates[positive][:, block].sum(axis=0)[None]
    return start if model.maps is None else start * model.maps[:, block]


def _variance(model: JointModel, parameters: Array | None, least: Array, block: slice) -> Array:
    start = least[:, None] * _start(model, block)
    if parameters is None:
        return np.maximum(start, 1e-12)
    return np.maximum(_expected(model, parameters, block), np.maximum(_FLOOR * start, 1e-12))


def _expected(model: JointModel, parameters: Array, block: slice) -> Array:
    """Return the model counts of each channel and pixel."""
    first = len(model.templates)
    if model.maps is None:
        return parameters @ np.vstack([model.templates[:, block], model.sources[:, block]])
    background = parameters[:, :first] @ model.templates[:, block]
    background *= model.maps[:, block]
    background += parameters[:, first:] @ model.sources[:, block]
    return background


def _blocks(pixels: int) -> list[slice]:
    return [slice(first, min(first + _BLOCK, pixels)) for first in range(0, pixels, _BLOCK)]


def _pass(
    counts: NDArray[np.float32] | Array, model: JointModel, parameters: Array | None, least: Array, *, exact: bool
) -> tuple[Array, Array]:
    """Return parameters and covariances after one Fisher step with the variance of the given parameters."""
    channels, pixels = counts.shape
    first = len(model.templates)
    rows = first + len(model.sources)
    i, j = np.triu_indices(rows)
    precision: Any = np.float64 if exact else np.float32
    place = np.empty((rows, rows), np.intp)
    place[i, j] = np.arange(i.size)
    matrix = np.zeros((channels, i.size))
    score = np.zeros((channels, rows))
    for block in _blocks(pixels):
        row = np.vstack([model.templates[:, block], model.sources[:, block]]).astype(precision)
        # The levels of other parts of the detector are no rows of this block.
        some = np.flatnonzero(row.any(axis=1))
        a, b = (some[number] for number in np.triu_indices(some.size))
        pairs, product = place[a, b], row[a] * row[b]
        if model.maps is None and parameters is None:
            # The variances of all channels are multiples of one: so are the matrices.
            common = 1.0 / np.maximum(_start(model, block), 1e-12)
            matrix[:, pairs] += (common @ product.T) / least[:, None]
            score += ((counts[:, block] * common.astype(precision)) @ row.T) / least[:, None]
            continue
        inverse = (1.0 / _variance(model, parameters, least, block)).astype(precision)
        data = counts[:, block] * inverse
        if model.maps is None:
            matrix[:, pairs] += inverse @ product.T
            score += data @ row.T
            continue
        scale = model.maps[:, block].astype(precision)
        # Pairs by the power of the background map that they carry.
        for power, kind in zip((2, 1, 0), (b < first, (a < first) & (b >= first), a >= first), strict=True):
            matrix[:, pairs[kind]] += (inverse * scale**power) @ product[kind].T
        score[:, :first] += (data * scale) @ row[:first].T
        score[:, first:] += data @ row[first:].T
    normal = np.empty((channels, rows, rows))
    normal[:, i, j] = matrix
    normal[:, j, i] = matrix
    covariance = _inverse(normal)
    return np.einsum("cij,cj->ci", covariance, score), covariance


def _inverse(normal: Array) -> Array:
    """Invert normal matrices, scaled to a unit diagonal and with a ridge against degenerate rows."""
    scale = np.sqrt(np.diagonal(normal, axis1=1, axis2=2))
    scale = np.where(scale > 0.0, scale, 1.0)
    scaled = normal / (scale[:, :, None] * scale[:, None, :])
    scaled += _RIDGE * np.eye(normal.shape[1])
    inverted: Array = np.linalg.inv(scaled) / (scale[:, :, None] * scale[:, None, :])
    return inverted


def _chi2(counts: NDArray[np.float32] | Array, model: JointModel, parameters: Array, least: Array) -> Array:
    """Pearson's chi2 per channel."""
    chi2 = np.zeros(len(counts))
    for block in _blocks(counts.shape[1]):
        expected = _expected(model, parameters, block)
        weight = 1.0 / np.maximum(expected, np.maximum(_FLOOR * least[:, None] * _start(model, block), 1e-12))
        expected -= counts[:, block]
        chi2 += np.einsum("cp,cp,cp->c", expected, expected, weight)
    return chi2
