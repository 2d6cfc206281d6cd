"""Joint maximum-likelihood fit of source fluxes and background to one shadowgram.

Model of pixel i: ``m_i = sum_s F_s a PIF_is + sum_c beta_c B_ic``. Poisson maximum likelihood by Fisher scoring:
``p = (X' V^-1 X)^-1 X' V^-1 D`` with the variance V taken from the model, never from the counts (that would bias
fluxes where counts are few).

A map of the background from pixel to pixel (``pattern``) is one more template, with a free amplitude and beside the
smooth ones, not a factor on them: a factor with errors would draw the smooth level down and bias the residual.
What the map does not know adds to the variance: ``V = m + (e b)^2``, b the smooth background, e the map's error.

Flux unit, the one documented factor: a pixel of PIF = 1 collects ``F T / lit_pixels`` counts in the live time T.
``lit_pixels`` is a number of the camera. For ISGRI it is the whole detector of 16384 pixels: F counts/s is the rate,
corrected for dead time, of a detector lit through an open mask, the unit of the images and light curves of the
standard ISGRI software. Absorption in the mask support and the efficiency of the pixels are part of F (Crab: 142
counts/s in 20-40 keV).
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.camera import Camera
from science.coded_mask.pattern import Pattern

LEAST_COVERED = 0.05
"""A band with less than this share above the low threshold has no weight."""
_RIDGE = 1e-12
_FLOOR = 0.05
"""Smallest variance of a pixel in units of its share of all counts: negative fluxes cannot make it vanish."""


@dataclass(frozen=True)
class Shadowgram:
    """Counts of one energy band.

    ``counts`` and ``live`` have the detector's shape; ``live`` is False in gaps and for pixels not to be used.
    ``camera`` saw them. ``pattern`` is what is known of its background from pixel to pixel. ``efficiency`` is the live
    time of each pixel over ``live_time_s``, detector shape; None where it is the same for all. ``covered`` is the share
    of a source's counts in the band that lie above the low threshold of the detector.
    """

    low_kev: float
    high_kev: float
    counts: NDArray[np.float64]
    live: NDArray[np.bool_]
    live_time_s: float
    camera: Camera
    pattern: Pattern | None = None
    efficiency: NDArray[np.float64] | None = None
    covered: float = 1.0

    @property
    def weightless(self) -> bool:
        """Whether it says nothing of any flux: no event was taken in the band, or only what a threshold let slip."""
        return self.covered <= LEAST_COVERED or not self.counts[self.live].any()

    @property
    def counts_per_flux(self) -> float:
        """Counts in a fully lit pixel of mean live time per unit flux (counts/s)."""
        return self.live_time_s / self.camera.lit_pixels

    @property
    def exposed(self) -> NDArray[np.float64]:
        """Share of the live time for which each pixel is used, detector shape."""
        live = self.live.astype(np.float64)
        return live if self.efficiency is None else live * self.efficiency

    @property
    def exposed_s(self) -> float:
        """Live time, with the pixels that are not used counted out."""
        return self.live_time_s * float(self.exposed.sum()) / self.camera.pixels


class ShadowgramFit:
    """Linear model of a shadowgram: background templates and any number of sources.

    A shadowgram without weight gives fluxes of 0 with an infinite error.

    Args:
        data: the shadowgram.
        templates: background templates, each of the detector's shape, in any unit.
        least_variance: smallest variance of a pixel in units of its share of all counts. Positive values keep the
            few counts of a short exposure from weighing pixels that the model calls dark.
    """

    def __init__(self, data: Shadowgram, templates: Sequence[NDArray[np.float64]], least_variance: float = 0.0) -> None:
        self.data = data
        self.pixels = np.flatnonzero(data.live)
        self.counts = data.counts.ravel()[self.pixels]
        rows = [t.ravel()[self.pixels] for t in templates]
        rows = [row for row in rows if np.any(row)]
        self._smooth = len(rows)
        self._unknown = np.zeros(self.pixels.size)
        if data.pattern is not None:
            self._unknown = data.pattern.error.ravel()[self.pixels] ** 2
            rows += [row for row in (data.pattern.image.ravel()[self.pixels],) if np.any(row)]
        self._rows = np.array(rows)
        self._templates = len(self._rows)
        # All counts spread as the templates that are nowhere negative: where the first pass starts from.
        smooth = self._rows[: self._smooth]
        share = smooth[(smooth >= 0.0).all(axis=1)].sum(axis=0)
        share *= self.counts.sum() / max(float(share.sum()), 1.0)
        self._least = np.maximum(max(least_variance, _FLOOR) * share, 1.0 / self.pixels.size)
        self.variance = np.maximum(share, self._least) + self._unknown * share**2
        self.parameters = np.zeros(self._templates)
        self.covariance = np.zeros((self._templates, self._templates))
        self.expected = share.copy()

    @property
    def camera(self) -> Camera:
        """The camera that saw the shadowgram."""
        return self.data.camera

    @property
    def weightless(self) -> bool:
        """Whether the shadowgram says nothing of any flux."""
        return self.data.weightless

    @property
    def background_rows(self) -> NDArray[np.float64]:
        """Templates of the background with the pattern, shape (templates, pixels)."""
        return self._rows[: self._templates]

    # -- sources ----------------------------------------------------------------------------------------------
    @property
    def sources(self) -> int:
        """Number of sources in the model."""
        return len(self._rows) - self._templates

    def add(self, pif: NDArray[np.float64]) -> None:
        """Add a source with this PIF (detector shape) as the last one; its flux starts at zero."""
        self._rows = np.vstack([self._rows, self._row(pif)])
        self.parameters = np.append(self.parameters, 0.0)

    def replace(self, source: int, pif: NDArray[np.float64]) -> None:
        """Give a source another PIF."""
        self._rows[self._templates + source] = self._row(pif)

    def remove(self, source: int) -> None:
        """Take a source out of the model."""
        self._rows = np.delete(self._rows, self._templates + source, axis=0)
        self.parameters = np.delete(self.parameters, self._templates + source)

    def discard(self, pixels: NDArray[np.bool_]) -> None:
        """Use these pixels (detector shape) no longer; a refit is due afterwards."""
        keep = ~pixels.ravel()[self.pixels]
        self.pixels, self.counts = self.pixels[keep], self.counts[keep]
        self.variance, self.expected = self.variance[keep], self.expected[keep]
        self._least, self._unknown = self._least[keep], self._unknown[keep]
        self._rows = self._rows[:, keep]

    @property
    def counts_per_flux(self) -> NDArray[np.float64] | float:
        """Counts in each used pixel, fully lit, per unit flux (counts/s); one number where it is the same for all."""
        unit, efficiency = self.data.counts_per_flux, self.data.efficiency
        return unit if efficiency is None else unit * efficiency.ravel()[self.pixels]

    def _row(self, pif: NDArray[np.float64]) -> NDArray[np.float64]:
        row: NDArray[np.float64] = pif.ravel()[self.pixels] * self.counts_per_flux
        return row

    # -- the fit ----------------------------------------------------------------------------------------------
    def fit(self, max_passes: int = 6) -> None:
        """Fit all fluxes and background coefficients; stops when nothing moves by 0.02 sigma."""
        if self.data.weightless:
            self.parameters = np.zeros(len(self._rows))
            self.covariance = np.diag(np.full(len(self._rows), np.inf))
            self.expected = np.zeros(self.pixels.size)
            return
        for _ in range(max_passes):
            weighted = self._rows / self.variance
            self.covariance = inverse(weighted @ self._rows.T)
            parameters = self.covariance @ (weighted @ self.counts)
            moved = np.max(np.abs(parameters - self.parameters) / np.sqrt(np.diag(self.covariance)))
            self.parameters = parameters
            self.expected = parameters @ self._rows
            self.variance = np.maximum(self.expected, self._least) + self._unknown * self.smooth_background**2
            if moved < 0.02:
                return

    @property
    def background(self) -> NDArray[np.float64]:
        """Fitted background counts of the used pixels."""
        level: NDArray[np.float64] = self.parameters[: self._templates] @ self._rows[: self._templates]
        return level

    @property
    def smooth_background(self) -> NDArray[np.float64]:
        """Fitted background counts of the used pixels without their pattern."""
        level: NDArray[np.float64] = self.parameters[: self._smooth] @ self._rows[: self._smooth]
        return level

    @property
    def background_counts(self) -> float:
        """Fitted background counts on all used pixels."""
        return float(self.background.sum())

    @property
    def flux(self) -> NDArray[np.float64]:
        """Fitted fluxes, counts/s."""
        return self.parameters[self._templates :]

    @property
    def flux_error(self) -> NDArray[np.float64]:
        """1 sigma errors of the fluxes, counts/s, all other parameters free."""
        error: NDArray[np.float64] = np.sqrt(np.diag(self.covariance)[self._templates :])
        return error

    @property
    def residual(self) -> NDArray[np.float64]:
        """Counts minus model of the used pixels."""
        left: NDArray[np.float64] = self.counts - self.expected
        return left

    @property
    def chi2_per_dof(self) -> float:
        """Pearson chi2 over degrees of freedom."""
        dof = max(self.pixels.size - len(self._rows), 1)
        return float(np.sum(self.residual**2 / self.variance) / dof)

    def without(self, source: int | None) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Residual with one source put back, and the rows (parameters x pixels) of all the others."""
        if source is None:
            return self.residual, self._rows
        row = self._templates + source
        return self.residual + self.parameters[row] * self._rows[row], np.delete(self._rows, row, axis=0)

    def on_detector(self, values: NDArray[np.float64]) -> NDArray[np.float64]:
        """Values of the used pixels as an array of the detector's shape, zero elsewhere."""
        image = np.zeros(self.data.live.shape)
        image.flat[self.pixels] = values
        return image


def inverse(matrix: NDArray[np.float64]) -> NDArray[np.float64]:
    """Inverse of a normal matrix, scaled to a unit diagonal and with a ridge of 1e-12 against degenerate columns."""
    diagonal = np.sqrt(np.diag(matrix))
    diagonal = np.where(diagonal > 0.0, diagonal, 1.0)
    scale = np.outer(diagonal, diagonal)
    scaled: NDArray[np.float64] = np.linalg.inv(matrix / scale + _RIDGE * np.eye(len(matrix))) / scale
    return scaled
