"""Joint fits of all sources and the background in many energy channels at once.

The model of ``fit``, ``m_i = sum_s F_s a_i PIF_is + b_i sum_c beta_c T_ic``, in every channel with its own fluxes,
background map b and coefficients. The rows of the model are the same in all channels and only the variance differs,
so that the products of all pairs of rows are made once and the normal matrices of all channels are one matrix
product: ``A = V^-1 Q`` with ``Q`` (pixels x pairs) and ``V^-1`` (channels x pixels). Of pairs of which one row lights
none of the pixels nothing is made: with many sources all over the field that is most of them, if pixels that are
neighbours on the detector are neighbours in the arrays.

Poisson maximum likelihood by Fisher scoring, the first pass with the variance of the background alone. The variance
is that of the model, never of the counts: that would bias fluxes in channels with few counts. Normal matrices are made
in single precision, a third of the time; they only lead each pass from the parameters of the one before, and errors of
the last pass are good to 1e-6.
"""

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

_BLOCK = 1024
"""Pixels at a time: the products of 100 rows then take 20 MB."""
_RIDGE = 1e-12
_FLOOR = 0.05
"""Smallest variance of a pixel in units of its share of all counts: negative fluxes cannot make it vanish."""
_PASSES = 3
"""The second is the first that knows the variance of the sources; a third moves fluxes by 0.1 sigma at most."""

Array = NDArray[np.float64]
Single = NDArray[np.float32]


@dataclass(frozen=True)
class JointModel:
    """The rows of the model on the pixels in use.

    Args:
        sources: shape (sources, pixels): counts per unit flux.
        templates: shape (templates, pixels): background templates in any unit. The sum of those that are nowhere
            negative is where the first pass starts from.
        maps: background map of each channel, shape (channels, pixels), in any unit, above 0; None where it is flat.
        bystanders: shape (bystanders, pixels): counts per unit flux of sources that shine too and that nobody asked
            for.
    """

    sources: Array
    templates: Array
    maps: Array | None = None
    bystanders: Array | None = None

    @property
    def shining(self) -> Array:
        """Counts per unit flux of sources and bystanders, shape (sources + bystanders, pixels)."""
        return self.sources if self.bystanders is None else np.vstack([self.sources, self.bystanders])

    def background(self, channel: int) -> Array:
        """Return the background rows of one channel, shape (templates, pixels)."""
        return self.templates if self.maps is None else self.templates * self.maps[channel]


@dataclass(frozen=True)
class JointFit:
    """Result of a joint fit. Background coefficients come first, then fluxes of sources, then those of bystanders.

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
    def _fluxes(self) -> slice:
        first = len(self.model.templates)
        return slice(first, first + len(self.model.sources))

    @property
    def flux(self) -> Array:
        """Fluxes, shape (sources, channels)."""
        return self.parameters[:, self._fluxes].T

    @property
    def flux_error(self) -> Array:
        """1 sigma errors of the fluxes, all else free, shape (sources, channels)."""
        error: Array = np.sqrt(np.diagonal(self.covariance, axis1=1, axis2=2)[:, self._fluxes]).T
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
        """Model counts per pixel, summed over some channels; with all but perhaps some of the sources."""
        fluxes = self.parameters[channels, len(self.model.templates) :].sum(axis=0)
        if sources is not None:
            fluxes[: sources.size] *= sources
        return np.asarray(self.background(channels) + fluxes @ self.model.shining)

    def variance(self, channel: int) -> Array:
        """Return the model variance of each pixel in one channel."""
        whole = slice(None)
        variance: Array = _variance(self.model, _expected(self.model, self.parameters, whole), self.least, whole)
        return np.asarray(variance[channel])


def fit_jointly(counts: NDArray[np.float32] | Array, model: JointModel) -> JointFit:
    """Fit fluxes and background coefficients of every channel.

    Args:
        counts: shape (channels, pixels), on the pixels in use.
        model: rows on the same pixels.
    """
    least = _least(counts, model)
    parameters = _flat_start(counts, model) if model.maps is None else _moved(counts, model, None, least)[0]
    for _ in range(_PASSES - 2):
        parameters, _ = _moved(counts, model, parameters, least)
    parameters, normal = _moved(counts, model, parameters, least)
    return JointFit(model, counts, parameters, _inverse(normal), least, _chi2(counts, model, parameters, least))


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


def _variance(model: JointModel, expected: Array | None, least: Array, block: slice) -> Array:
    """Return the variance of each channel and pixel: the counts that are expected, or the start where None are."""
    start = least[:, None] * _start(model, block)
    return np.maximum(start, 1e-12) if expected is None else np.maximum(expected, np.maximum(_FLOOR * start, 1e-12))


def _expected(model: JointModel, parameters: Array, block: slice) -> Array:
    """Return the model counts of each channel and pixel."""
    first = len(model.templates)
    shining = model.shining[:, block]
    if model.maps is None:
        return parameters @ np.vstack([model.templates[:, block], shining])
    background = parameters[:, :first] @ model.templates[:, block]
    background *= model.maps[:, block]
    background += parameters[:, first:] @ shining
    return background


def _blocks(pixels: int) -> list[slice]:
    return [slice(*ends) for ends in pairwise([*range(0, pixels, _BLOCK), pixels])]


def _flat_start(counts: NDArray[np.float32] | Array, model: JointModel) -> Array:
    """Return the parameters of the first pass without maps, whose variances, and so its matrices, are alike."""
    weight = 1.0 / np.maximum(_start(model, slice(None))[0], 1e-12)
    rows = np.vstack([model.templates, model.shining])
    weighted = rows * weight
    parameters: Array = (counts @ weighted.T) @ _inverse((weighted @ rows.T)[None])[0]
    return parameters


def _moved(
    counts: NDArray[np.float32] | Array, model: JointModel, parameters: Array | None, least: Array
) -> tuple[Array, Array]:
    """Return parameters after one Fisher step with the variance of the given ones (zero if None), and the matrices."""
    channels, pixels = counts.shape
    first = len(model.templates)
    shining = model.shining
    rows = first + len(shining)
    i, j = np.triu_indices(rows)
    place = np.empty((rows, rows), np.intp)
    place[i, j] = np.arange(i.size)
    pairs = np.zeros((i.size, channels))
    score = np.zeros((channels, rows))
    for block in _blocks(pixels):
        row = np.vstack([model.templates[:, block], shining[:, block]])
        expected = None if parameters is None else _expected(model, parameters, block)
        inverse = 1.0 / _variance(model, expected, least, block)
        weighted = inverse * (counts[:, block] if expected is None else counts[:, block] - expected)
        scale = None if model.maps is None else model.maps[:, block]
        score[:, :first] += (weighted if scale is None else weighted * scale) @ row[:first].T
        score[:, first:] += weighted @ row[first:].T
        # The levels of other parts of the detector, and sources that light none of these pixels, make no pair.
        lit = np.flatnonzero(row.any(axis=1))
        levels = int(np.searchsorted(lit, first))
        part = row[lit].astype(np.float32)
        weight = np.ascontiguousarray(inverse.T, np.float32)
        if scale is None:
            _add_pairs(pairs, place, lit, part, range(lit.size), range(lit.size), weight)
            continue
        mapped = np.ascontiguousarray(scale.T, np.float32)
        _add_pairs(pairs, place, lit, part, range(levels, lit.size), range(levels, lit.size), weight)
        weight *= mapped
        _add_pairs(pairs, place, lit, part, range(levels), range(levels, lit.size), weight)
        weight *= mapped
        _add_pairs(pairs, place, lit, part, range(levels), range(levels), weight)
    matrices = np.empty((channels, rows, rows))
    matrices[:, i, j] = matrices[:, j, i] = pairs.T
    scaled, unit = _scaled(matrices)
    step = np.linalg.solve(scaled, (score / unit)[:, :, None])[:, :, 0] / unit
    return (step if parameters is None else parameters + step), matrices


def _add_pairs(  # noqa: PLR0917
    pairs: Array,
    place: NDArray[np.intp],
    lit: NDArray[np.intp],
    part: Single,
    first: range,
    second: range,
    weight: Single,
) -> None:
    """Add the products of rows, weighted by each channel, to the sums over pixels.

    Args:
        pairs: the sums, shape (pairs, channels).
        place: of each pair among them.
        lit: number of each row.
        part: the rows, shape (rows, pixels).
        first: which rows, ...
        second: ... with which, as far as they do not stand before them.
        weight: shape (pixels, channels).
    """
    which = [place[lit[row], lit[max(row, second.start) : second.stop]] for row in first]
    products = np.empty((sum(one.size for one in which), part.shape[1]), np.float32)
    end = 0
    for row, one in zip(first, which, strict=True):
        begin, end = end, end + one.size
        np.multiply(part[row], part[max(row, second.start) : second.stop], out=products[begin:end])
    pairs[np.concatenate(which)] += products @ weight


def _scaled(normal: Array) -> tuple[Array, Array]:
    """Return normal matrices scaled to a unit diagonal, with a ridge against degenerate rows, and their scales."""
    diagonals = np.sqrt(np.diagonal(normal, axis1=1, axis2=2))
    unit: Array = np.where(diagonals > 0.0, diagonals, 1.0)
    scaled = normal / unit[:, :, None]
    scaled /= unit[:, None, :]
    diagonal = np.arange(normal.shape[1])
    scaled[:, diagonal, diagonal] += _RIDGE
    return np.asarray(scaled, np.float64), unit


def _inverse(normal: Array) -> Array:
    """Invert normal matrices."""
    scaled, unit = _scaled(normal)
    inverted = np.asarray(np.linalg.inv(scaled), np.float64)
    inverted /= unit[:, :, None]
    inverted /= unit[:, None, :]
    return inverted


def _chi2(counts: NDArray[np.float32] | Array, model: JointModel, parameters: Array, least: Array) -> Array:
    """Pearson's chi2 per channel."""
    chi2 = np.zeros(len(counts))
    for block in _blocks(counts.shape[1]):
        expected = _expected(model, parameters, block)
        variance = _variance(model, expected, least, block)
        expected -= counts[:, block]
        chi2 += (expected**2 / variance).sum(axis=1)
    return chi2
