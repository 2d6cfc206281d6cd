"""What screws and glue in the holes of the mask, unknown to the analysis, do to a bright source and its field."""

import numpy as np
import pytest
from coded_mask.sky_map import matched_map

from services.isgri.simulator.mask import defective_cells
from tests.science.bars import Bars
from tests.science.isgri.traced import CRAB, simulate, somewhere


@pytest.mark.parametrize("fields", [pytest.param(3, marks=pytest.mark.short), pytest.param(12, marks=pytest.mark.long)])
def test_unknown_mask_defects(bars: Bars, fields: int) -> None:
    rng = np.random.default_rng(14)
    transmission = defective_cells(rng)
    assert np.mean(transmission[transmission > 0] < 1.0) == pytest.approx(0.02, abs=0.005)
    bias, residual = [], []
    for _ in range(fields):
        tz, ty = somewhere(rng, 0.0, 8.0)
        sky = simulate(rng, [(tz, ty, CRAB)], live_s=4000.0, mask_transmission=transmission).searched()
        nearest = int(np.argmin([np.hypot(s.tz - tz, s.ty - ty) for s in sky.sources]))
        bias.append(sky.fits[0].flux[nearest] / CRAB - 1.0)
        image = matched_map(sky.fits[0])
        # What the defects leave in the map beyond the noise of its counts, where at least half the detector sees.
        deep = image.sigma < 1.4 * np.nanmin(image.sigma)
        excess = np.mean(image.flux[deep] ** 2 - image.sigma[deep] ** 2)
        residual.append(float(np.sqrt(max(excess, 0.0))) / CRAB)
    what = f"2 % of the cells 30 % opaque, unknown, {fields} fields with 1 Crab, 0-8 deg"
    worst, left = float(np.max(np.abs(bias))), float(np.mean(residual))
    bars.record("B-14", f"{what}: largest flux bias", worst, "< 1.5 %", worst < 0.015)
    bars.record("B-14", f"{what}: rms of the residual map over the Crab", left, "< 0.1 %", left < 0.001)
