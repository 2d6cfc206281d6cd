"""What the pixels' own differences add to the errors of a source: one number a window, the same sign in all channels.

The background differs from pixel to pixel. What of this pattern lies along the shadow of a source looks like that
source, in every channel, and the residual of the fit is orthogonal to it: no fit of one window can tell the two
apart. The error is one unknown number of unit variance times a spectrum, that of the background: ``c_k = b_k kappa
s`` in channel k, so that the covariance of the channels is ``diag(Poisson) + c c^T``.

How large it is shows in all other directions: forced fits there scatter more than their Poisson errors say, with the
variance ``1 + s^2 b`` in units of theirs, b the mean background of a pixel in counts (``forced_map``). It is measured
in groups of channels, because one channel has too few counts, and in zones of the field.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.camera import Camera
from science.coded_mask.forced_map import ZONES, forced_excess, zones
from science.coded_mask.joint_fit import JointFit

Array = NDArray[np.float64]

_FLOOR = 0.05
"""Smallest variance of a pixel in units of the mean."""


@dataclass(frozen=True)
class BandResidual:
    """What a fit left of some channels together; see ``sky_map.FittedShadowgram``. Arrays have a count per pixel."""

    camera: Camera
    pixels: NDArray[np.int64]
    counts_per_flux: Array | float
    counts: Array
    expected: Array
    smooth_background: Array
    background_rows: Array

    @property
    def weightless(self) -> bool:
        """Whether it says nothing of any flux."""
        return self.mean_background <= 0.0

    @property
    def variance(self) -> Array:
        """Variance of the counts by the model."""
        return np.maximum(self.expected, _FLOOR * self.mean_background)

    @property
    def residual(self) -> Array:
        """Counts minus model."""
        return self.counts - self.expected

    @property
    def mean_background(self) -> float:
        """Background of a pixel."""
        return float(self.smooth_background.mean())


def together(parts: Sequence[BandResidual], camera: Camera) -> BandResidual:
    """Return the sum of several bands' residuals on the same pixels, as *camera* sees them."""
    first = parts[0]
    return BandResidual(
        camera,
        first.pixels,
        first.counts_per_flux,
        np.sum([part.counts for part in parts], axis=0),
        np.sum([part.expected for part in parts], axis=0),
        np.sum([part.smooth_background for part in parts], axis=0),
        first.background_rows,
    )


@dataclass(frozen=True)
class PixelScatter:
    """Scatter of the pixels of one window, measured in groups of channels and given for each channel.

    Args:
        excess: variance of forced fits over that of Poisson noise, minus 1, shape (zones, channels). It has an error of
            0.05 by chance and may be negative: means over windows would be biased without the negative ones.
        background: mean background of a pixel in the channel's group, counts, shape (channels,).
        zone: zone of each source.
        unit: error that pixels which scatter by 1 (s = 1) give to each source, counts/s, shape (sources, channels).
    """

    excess: Array
    background: Array
    zone: NDArray[np.intp]
    unit: Array

    @property
    def error(self) -> Array:
        """1 sigma error of each source that its channels have in common, counts/s, shape (sources, channels)."""
        return self.common(pooled_scatter([self]))

    def common(self, scatter: Array) -> Array:
        """Return the same for a given scatter of the pixels, shape (zones, channels)."""
        return np.asarray(scatter[self.zone] * self.unit)

    @property
    def width(self) -> Array:
        """Factor by which forced fits of each source scatter more than Poisson noise, shape (sources, channels)."""
        return np.sqrt(1.0 + np.maximum(self.excess[self.zone], 0.0))

    def channel(self, number: int) -> "PixelScatter":
        """Return what belongs to one channel."""
        at = [number]
        return PixelScatter(self.excess[:, at], self.background[at], self.zone, self.unit[:, at])


def pixel_scatter(
    left: Sequence[BandResidual], groups: Sequence[NDArray[np.intp]], level: Array, error: Array, coded: Array
) -> PixelScatter:
    """Measure the scatter in the residuals of a window.

    Args:
        left: residual of each group of channels.
        groups: the channels of each group; each channel is in one of them.
        level: mean background of a pixel in each channel, counts.
        error: Poisson errors of the sources, counts/s, shape (sources, channels).
        coded: share of the detector that each source is seen by.
    """
    excess, background = np.zeros((len(ZONES) + 1, level.size)), np.zeros(level.size)
    unit = np.zeros(error.shape)
    share = np.maximum(level, 0.0)
    for residual, group in zip(left, groups, strict=True):
        whole = float(share[group].sum())
        if whole <= 0.0 or residual.mean_background <= 0.0:
            continue
        excess[:, group] = forced_excess(residual)[:, None]
        background[group] = whole
        poisson = np.sqrt((error[:, group] ** 2).sum(axis=1))
        unit[:, group] = poisson[:, None] * share[group] / np.sqrt(whole)
    return PixelScatter(excess, background, zones(coded), unit)


def joint_scatter(  # noqa: PLR0917
    fit: JointFit,
    groups: Sequence[NDArray[np.intp]],
    camera: Camera,
    pixels: NDArray[np.int64],
    counts_per_flux: Array | float,
    coded: Array,
) -> PixelScatter:
    """Measure the scatter in the residual of a joint fit.

    Args:
        fit: of the whole window.
        groups: channels that are measured together; each channel is in one of them.
        camera: that saw the window.
        pixels: indices of the fit's pixels in a flattened shadowgram.
        counts_per_flux: counts in each fully lit pixel per unit flux.
        coded: share of the detector that each source is seen by.
    """
    left = [
        BandResidual(
            camera,
            pixels,
            counts_per_flux,
            fit.counts[group].sum(axis=0, dtype=np.float64),
            fit.expected(group),
            fit.background(group),
            fit.background_rows(group),
        )
        for group in groups
    ]
    level = np.array([fit.background(np.array([channel])).mean() for channel in range(len(fit.counts))])
    return pixel_scatter(left, groups, level, fit.flux_error, coded)


def pooled_scatter(windows: Sequence[PixelScatter]) -> Array:
    """Return the scatter s of the pixels that windows show together, shape (zones, channels); 0 where none."""
    square = sum(window.excess * window.background for window in windows)
    whole = sum(window.background**2 for window in windows)
    return np.sqrt(np.maximum(square, 0.0) / np.maximum(whole, 1e-300))
