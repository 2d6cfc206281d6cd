"""Position and flux of one source by Gauss-Newton steps on the shadowgram.

All other sources and the background stay free: they are eliminated from the normal equations (Schur complement),
so the covariance of the position is the joint one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from science.coded_mask.fit import ShadowgramFit, inverse

_STEP = 0.4
"""Longest step, and how far a place may wander, in widths of the point spread function."""
_WANDER = 0.8
_SMALL = 0.02
"""A step below this share of the position error ends the iteration."""


@dataclass(frozen=True)
class Refined:
    """Fitted position and flux of one source.

    ``covariance`` is that of (tz, ty); ``flux_error`` is at the fitted position.
    """

    tz: float
    ty: float
    flux: float
    flux_error: float
    covariance: NDArray[np.float64]

    @property
    def significance(self) -> float:
        """Flux over its error."""
        return self.flux / self.flux_error


def refine(others: "Surroundings", tz: float, ty: float, steps: int = 5) -> Refined:
    """Fit the position of a source near (tz, ty).

    Args:
        others: everything but the source.
        tz: tangent along Z to start from.
        ty: tangent along Y to start from.
        steps: largest number of Gauss-Newton steps.
    """
    start = np.array([tz, ty])
    width = others.camera.resolution
    place = start.copy()
    steps_left = steps
    while True:
        flux, score, matrix = others.normal_equations(place[0], place[1])
        covariance = inverse(matrix)
        shift = (covariance @ score)[1:]
        limited = shift * min(1.0, _STEP * width / max(float(np.hypot(*shift)), 1e-30))
        moved = place + limited
        steps_left -= 1
        small = _SMALL * np.sqrt(max(float(covariance[1, 1] + covariance[2, 2]), 0.0))
        if np.hypot(*(moved - start)) > _WANDER * width or steps_left == 0 or np.hypot(*limited) < small:
            break
        place = moved
    return Refined(
        tz=float(place[0]),
        ty=float(place[1]),
        flux=flux,
        flux_error=float(max(matrix[0, 0], 1e-30) ** -0.5),
        covariance=covariance[1:, 1:],
    )


class Surroundings:
    """Everything in a fit but the source in question, eliminated from the normal equations.

    Args:
        fit: a fitted model; its variance gives the weights.
        source: number of the source in the model, or None for one that is not in it.
    """

    def __init__(self, fit: ShadowgramFit, source: int | None = None) -> None:
        residual, rows = fit.without(source)
        self.camera = fit.data.camera
        self._pixels = fit.pixels
        self._counts_per_flux = fit.counts_per_flux
        self._weight = 1.0 / fit.variance
        self._weighted_rows = rows * self._weight
        self._inverse = inverse(self._weighted_rows @ rows.T)
        self._weighted_residual = residual * self._weight
        self._score = self._weighted_rows @ residual

    def _on_pixels(self, image: NDArray[np.float64]) -> NDArray[np.float64]:
        values: NDArray[np.float64] = image.ravel()[self._pixels] * self._counts_per_flux
        return values

    def normal_equations(
        self, tz: float, ty: float, flux: float | None = None
    ) -> tuple[float, NDArray[np.float64], NDArray[np.float64]]:
        """Return flux, score and normal matrix of (flux, tz, ty) of a source at this place.

        The flux is the best one unless it is given.
        """
        by_z, by_y = self.camera.illumination_gradient(tz, ty)
        columns = np.array([self._on_pixels(image) for image in (self.camera.illumination(tz, ty), by_z, by_y)])
        cross = columns @ self._weighted_rows.T
        eliminated = cross @ self._inverse
        matrix = (columns * self._weight) @ columns.T - eliminated @ cross.T
        score = columns @ self._weighted_residual - eliminated @ self._score
        if flux is None:
            flux = float(score[0] / matrix[0, 0]) if matrix[0, 0] > 0.0 else 0.0
        scale = np.array([1.0, flux, flux])
        return flux, scale * (score - flux * matrix[0]), matrix * np.outer(scale, scale)
