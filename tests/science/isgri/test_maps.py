"""Statistics of the significance map of empty fields."""

import numpy as np
import pytest
from scipy.stats import kurtosis

from science.coded_mask.sky_map import matched_map
from tests.science.bars import Bars
from tests.science.isgri.traced import simulate


@pytest.mark.parametrize(
    "fields", [pytest.param(100, marks=pytest.mark.short), pytest.param(400, marks=pytest.mark.long)]
)
def test_empty_fields_are_unit_gaussian(bars: Bars, fields: int) -> None:
    rng = np.random.default_rng(3)
    spread, tails, highest = [], [], []
    for _ in range(fields):
        fit = simulate(rng, []).field().fits[0]
        fit.fit()
        significance = matched_map(fit, oversampling=2).significance
        coarse = significance[::2, ::2]
        values = coarse[np.isfinite(coarse)]
        spread.append(values.std())
        tails.append(kurtosis(values, fisher=False))
        highest.append(np.nanmax(significance))
    mean, scatter, tail = float(np.mean(spread)), float(np.std(spread)), float(np.mean(tails))
    bars.record("B-3", f"std of the map, {fields} empty fields", mean, "1.00 +- 0.01", abs(mean - 1.0) < 0.01)
    bars.record("B-3", f"scatter of the std between {fields} fields", scatter, "< 0.02", scatter < 0.02)
    bars.record("B-3", f"kurtosis of the map, {fields} fields", tail, "3.00 +- 0.05", abs(tail - 3.0) < 0.05)
    above = float(np.mean(np.greater(highest, 5.5)))
    bars.record("B-4", f"empty fields with a peak above 5.5, of {fields}", above, "<= 0.02", above <= 0.02)
    bars.record("B-4", f"highest peak in {fields} empty fields", max(highest), "< 6", max(highest) < 6.0)


def test_a_wrong_background_shape_is_taken_up(bars: Bars) -> None:
    rng = np.random.default_rng(15)
    tilt = 1.0 + 0.03 * np.linspace(-1.0, 1.0, 134)[:, None] * np.ones((1, 130))
    spread = []
    for _ in range(10):
        wrong = tilt * (1.0 + rng.normal(0.0, 0.01, tilt.shape))
        fit = simulate(rng, [], wrong).field().fits[0]
        fit.fit()
        spread.append(np.nanstd(matched_map(fit).significance))
    mean = float(np.mean(spread))
    bars.record("B-15", "std of 10 maps of 2 ks, tilt 3 %, modules 4 %, pixels 1 % wrong", mean, "< 1.03", mean < 1.03)
