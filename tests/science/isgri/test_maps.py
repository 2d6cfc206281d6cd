"""Statistics of the significance map of empty fields."""

import numpy as np
from isgri_analysis.sky_map import matched_map
from scipy.stats import kurtosis

from tests.science.isgri.traced import simulate

_FIELDS = 40


def test_empty_fields_are_unit_gaussian() -> None:
    rng = np.random.default_rng(3)
    spread, tails, highest = [], [], []
    for _ in range(_FIELDS):
        fit = simulate(rng, []).field().fits[0]
        fit.fit()
        significance = matched_map(fit, oversampling=2).significance
        coarse = significance[::2, ::2]
        values = coarse[np.isfinite(coarse)]
        spread.append(values.std())
        tails.append(kurtosis(values, fisher=False))
        highest.append(np.nanmax(significance))
    print(
        f"B-3 std {np.mean(spread):.4f} (1.00 +- 0.01), scatter {np.std(spread):.4f} (< 0.02), "
        f"kurtosis {np.mean(tails):.3f} (3.00 +- 0.05); B-4 highest {max(highest):.2f} (< 6)"
    )
    assert abs(np.mean(spread) - 1.0) < 0.01
    assert np.std(spread) < 0.02
    assert abs(np.mean(tails) - 3.0) < 0.05
    assert max(highest) < 6.0


def test_a_wrong_background_shape_is_taken_up() -> None:
    rng = np.random.default_rng(15)
    tilt = 1.0 + 0.03 * np.linspace(-1.0, 1.0, 134)[:, None] * np.ones((1, 130))
    spread = []
    for _ in range(10):
        wrong = tilt * (1.0 + rng.normal(0.0, 0.01, tilt.shape))
        fit = simulate(rng, [], wrong).field().fits[0]
        fit.fit()
        spread.append(np.nanstd(matched_map(fit).significance))
    print(f"B-15 std with a tilt of 3 %, modules of 4 %, pixels of 1 %: {np.mean(spread):.4f} (< 1.03)")
    assert np.mean(spread) < 1.03
