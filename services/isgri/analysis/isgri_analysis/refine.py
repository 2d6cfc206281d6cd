"""Position and flux of one source by Gauss-Newton steps on the shadowgram.

All other sources and the background stay free: they are eliminated from the normal equations (Schur complement),
so the covariance of the position is the joint one.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from isgri_analysis.fit import ShadowgramFit, inverse
from isgri_analysis.mask import CELL_MM, HEIGHT_MM
from isgri_analysis.pif import illumination_gradient, pixel_illumination

_PSF = CELL_MM / HEIGHT_MM
"""Width of the point spread function, tangent: 12 arcmin."""
_STEP = 0.4 * _PSF
_WANDER = 0.8 * _PSF


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


def refine(fit: ShadowgramFit, tz: float, ty: float, source: int | None = None, steps: int = 5) -> Refined:
    """Fit the position of a source near (tz, ty).

    Args:
        fit: a fitted model; its variance gives the weights.
        tz: tangent along Z to start from.
        ty: tangent along Y to start from.
        source: number of the source in the model, or None for one that is not in it.
        steps: largest number of Gauss-Newton steps.
    """
    others = Surroundings(fit, source)
    start = np.array([tz, ty])
    place = start.copy()
    steps_left = steps
    while True:
        flux = others.flux(place[0], place[1])
        score, matrix = others.normal_equations(place[0], place[1], flux)
        shift = (inverse(matrix) @ score)[1:]
        limited = shift * min(1.0, _STEP / max(float(np.hypot(*shift)), 1e-30))
        moved = place + limited
        steps_left -= 1
        if np.hypot(*(moved - start)) > _WANDER or steps_left == 0 or np.hypot(*limited) < 1e-7:
            break
        place = moved
    return Refined(
        tz=float(place[0]),
        ty=float(place[1]),
        flux=flux,
        flux_error=float(1.0 / np.sqrt(matrix[0, 0])),
        covariance=inverse(matrix)[1:, 1:],
    )


class Surroundings:
    """Everything in a fit but the source in question, eliminated from the normal equations.

    Args:
        fit: a fitted model.
        source: number of the source in the model, or None for one that is not in it.
    """

    def __init__(self, fit: ShadowgramFit, source: int | None = None) -> None:
        residual, rows = fit.without(source)
        self._pixels = fit.pixels
        self._counts_per_flux = fit.data.counts_per_flux
        self._weight = 1.0 / fit.variance
        self._weighted_rows = rows * self._weight
        self._inverse = inverse(self._weighted_rows @ rows.T)
        self._weighted_residual = residual * self._weight
        self._score = self._weighted_rows @ residual

    def _on_pixels(self, image: NDArray[np.float64]) -> NDArray[np.float64]:
        values: NDArray[np.float64] = image.ravel()[self._pixels] * self._counts_per_flux
        return values

    def flux(self, tz: float, ty: float) -> float:
        """Best flux of a source at this place, counts/s."""
        column = self._on_pixels(pixel_illumination(tz, ty))
        cross = self._weighted_rows @ column
        numerator = column @ self._weighted_residual - cross @ self._inverse @ self._score
        denominator = (column * self._weight) @ column - cross @ self._inverse @ cross
        return float(numerator / denominator) if denominator > 0.0 else 0.0

    def normal_equations(self, tz: float, ty: float, flux: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Score and normal matrix of (flux, tz, ty) for a source of this flux at this place."""
        by_z, by_y = illumination_gradient(tz, ty)
        images = (pixel_illumination(tz, ty), flux * by_z, flux * by_y)
        columns = np.array([self._on_pixels(image) for image in images])
        cross = columns @ self._weighted_rows.T
        eliminated = cross @ self._inverse
        matrix = (columns * self._weight) @ columns.T - eliminated @ cross.T
        score = columns @ self._weighted_residual - eliminated @ self._score - flux * matrix[0]
        return score, matrix
