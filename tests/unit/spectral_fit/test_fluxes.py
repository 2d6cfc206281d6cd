"""Limits of fluxes, where they are known without a fit: one norm, or its logarithm, that the data fix."""

from types import SimpleNamespace
from typing import Any, cast

import numpy as np
import pytest

from services.spectral_fit.analysis.flux import fluxes
from services.spectral_fit.analysis.objective import Objective
from services.spectral_fit.analysis.ogip_files import Array

_BAND = [[20.0, 40.0]]
_ERROR = 0.5


class OneNorm:
    """A flat spectrum of as many photons per keV as its only number says, and a datum that fixes that number.

    Args:
        datum: what was measured, with the error `_ERROR`.
        logarithm: whether the number is the logarithm of the norm.
        upper: limit of the number.
        scales: whether it may be given by a flux.
    """

    def __init__(self, datum: float, *, logarithm: bool = False, upper: float = 1e3, scales: bool = True) -> None:
        self.datum, self.logarithm, self.scales = datum, logarithm, scales
        self.lower, self.upper = np.array([-50.0 if logarithm else 0.0]), np.array([upper])
        self.model = SimpleNamespace(photons=lambda edges, every: self._norm(every) * np.diff(edges))

    def _norm(self, numbers: Array) -> float:
        return float(10.0 ** numbers[0] if self.logarithm else numbers[0])

    @property
    def best(self) -> Array:
        """The number at the least statistic."""
        norm = np.log10(self.datum) if self.logarithm else self.datum
        return np.clip([norm], self.lower, self.upper)

    def parameters(self, numbers: Array) -> Array:
        """Return the parameters of the model."""
        return numbers

    def residual(self, numbers: Array) -> Array:
        """Return how far the norm is from the datum, in its errors."""
        return np.array([(self._norm(numbers) - self.datum) / _ERROR])

    def statistic(self, numbers: Array) -> float:
        """Return the statistic."""
        return float(self.residual(numbers)[0] ** 2)

    def step(self, numbers: Array, index: int) -> float:
        """Return a step that stays below the limit."""
        return 1e-4 if numbers[index] + 1e-4 <= self.upper[index] else -1e-4

    def is_scale(self, index: int) -> bool:
        """Tell whether the number scales the spectrum."""
        return self.scales and index == 0

    def is_logarithm(self, index: int) -> bool:
        """Tell whether it is a logarithm."""
        return self.logarithm and index == 0


def _photons(fit: OneNorm, *, known: bool = True) -> Any:
    """Return the photons of the band with their limits, for a statistic that rises by one."""
    slope = fit._norm(fit.best) * np.log(10.0) if fit.logarithm else 1.0
    covariance = np.array([[(_ERROR / slope) ** 2]]) if known else None
    (found,) = fluxes(cast(Objective, fit), fit.best, covariance, _BAND, rise=1.0)
    return found.photons


@pytest.mark.parametrize("known", [True, False], ids=["covariance", "no covariance"])
@pytest.mark.parametrize("logarithm", [False, True], ids=["norm", "logarithm"])
def test_a_flux_has_the_limits_of_its_norm(*, logarithm: bool, known: bool) -> None:
    value, lower, upper = _photons(OneNorm(3.0, logarithm=logarithm), known=known)
    assert value == pytest.approx(20 * 3.0)
    assert (lower, upper) == (pytest.approx(20 * 2.5, rel=2e-3), pytest.approx(20 * 3.5, rel=2e-3))


def test_a_flux_goes_no_farther_than_the_limit_of_its_norm() -> None:
    _, lower, upper = _photons(OneNorm(3.0, upper=3.2))
    assert (lower, upper) == (pytest.approx(20 * 2.5, rel=2e-3), pytest.approx(20 * 3.2, rel=2e-3))


def test_a_flux_of_nothing_has_an_upper_limit() -> None:
    value, lower, upper = _photons(OneNorm(-0.1))
    assert (value, lower) == (0.0, 0.0)
    # The statistic counts from its value at zero.
    assert upper == pytest.approx(20 * (np.hypot(_ERROR, 0.1) - 0.1), rel=5e-3)


def test_without_a_free_norm_a_flux_has_no_limits() -> None:
    assert _photons(OneNorm(3.0, scales=False)) == (pytest.approx(60.0), None, None)
