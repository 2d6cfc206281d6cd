"""The statistics of a fit: each against the likelihood that it stands for, the background found by brute force."""

import numpy as np
import pytest
from scipy.optimize import minimize_scalar
from scipy.stats import norm, poisson

from services.spectral_fit.analysis.curves import Curve, for_the_eye
from services.spectral_fit.analysis.statistics import chi2, cstat, pgstat, wstat

COUNTS = np.array([0.0, 0.0, 1.0, 3.0, 20.0, 400.0])
MODELS = (np.array([0.1, 5.0, 0.2, 3.0, 15.0, 410.0]), np.array([2.0, 0.01, 1.0, 30.0, 40.0, 380.0]))


def _saturated(counts: float) -> float:
    """Log likelihood of counts whose expectation is just these counts."""
    return float(poisson.logpmf(counts, counts)) if counts else 0.0


@pytest.mark.parametrize("model", MODELS)
def test_c_is_twice_the_lost_likelihood(model: np.ndarray) -> None:
    lost = [_saturated(n) - poisson.logpmf(n, m) for n, m in zip(COUNTS, model, strict=True)]
    found = cstat(COUNTS, model)
    np.testing.assert_allclose(found**2, 2 * np.array(lost), rtol=1e-9, atol=1e-9)
    np.testing.assert_array_equal(np.sign(found[2:4]), np.sign((COUNTS - model)[2:4]))


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("behind", [0.0, 1.0, 7.0, 300.0])
@pytest.mark.parametrize("ratio", [0.05, 1.0, 4.0])
def test_w_takes_the_background_that_fits_best(model: np.ndarray, behind: float, ratio: float) -> None:
    for n, m, root in zip(COUNTS, model, wstat(COUNTS, np.full(6, behind), np.full(6, ratio), model), strict=True):

        def lost(below: float, n: float = n, m: float = m) -> float:
            value = poisson.logpmf(n, m + ratio * below) + (poisson.logpmf(behind, below) if behind else -below)
            return float(_saturated(n) + _saturated(behind) - value)

        best = minimize_scalar(lost, bounds=(0.0, 500.0 + behind + n / ratio), options={"xatol": 1e-9})
        assert root**2 == pytest.approx(2 * min(best.fun, lost(1e-12)), rel=1e-6, abs=1e-6)


@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(("behind", "error"), [(0.0, 0.5), (3.0, 1.0), (50.0, 4.0), (2.0, 5.0)])
def test_pg_takes_the_background_that_fits_best(model: np.ndarray, behind: float, error: float) -> None:
    for n, m, root in zip(COUNTS, model, pgstat(COUNTS, np.full(6, behind), np.full(6, error), model), strict=True):

        def lost(below: float, n: float = n, m: float = m) -> float:
            gauss = norm.logpdf(below, behind, error) - norm.logpdf(behind, behind, error)
            return float(_saturated(n) - poisson.logpmf(n, m + below) - gauss)

        best = minimize_scalar(lost, bounds=(0.0, 600.0), options={"xatol": 1e-9})
        assert root**2 == pytest.approx(2 * min(best.fun, lost(0.0)), rel=1e-6, abs=1e-6)


def test_limits_of_each_other() -> None:
    model = MODELS[0]
    known = pgstat(COUNTS, np.full(6, 2.0), np.zeros(6), model)
    np.testing.assert_allclose(known, cstat(COUNTS, model + 2.0))
    long = wstat(COUNTS, np.full(6, 2e9), np.full(6, 1e-9), model)
    np.testing.assert_allclose(long**2, cstat(COUNTS, model + 2.0) ** 2, rtol=1e-4, atol=1e-6)
    many = np.full(3, 1e6)
    np.testing.assert_allclose(cstat(many, many + 500.0), chi2(many, np.sqrt(many), many + 500.0), rtol=1e-3)


def test_bins_for_the_eye_keep_all_counts_and_no_gap() -> None:
    edges = np.geomspace(10.0, 100.0, 41)
    low, high = np.delete(edges[:-1], [20, 21]), np.delete(edges[1:], [20, 21])
    rate = np.geomspace(5.0, 0.05, low.size)
    one = Curve("x", low, high, rate, np.full(low.size, 0.3), rate * 1.1, (("a", rate),), np.zeros(low.size))
    drawn = for_the_eye(one, 3.0, 8)
    assert drawn.rate.size < one.rate.size
    assert drawn.rate.sum() == pytest.approx(rate.sum())
    assert drawn.model.sum() == pytest.approx(one.model.sum())
    assert drawn.error @ drawn.error == pytest.approx(one.error @ one.error)
    # The first channels stand out alone; none reaches across the two that are left out.
    np.testing.assert_allclose(drawn.low_kev[:5], low[:5])
    assert not np.any((drawn.low_kev < edges[20] * 0.999) & (drawn.high_kev > edges[22] * 1.001))
    assert np.all(np.diff(np.searchsorted(low, drawn.low_kev)) <= 8)
