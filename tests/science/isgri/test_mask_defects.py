"""What screws and glue in the holes of the mask do to a bright source and its field, unknown or known."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from science.coded_mask.field import Field
from science.coded_mask.fit import Shadowgram, ShadowgramFit
from science.coded_mask.search import Candidates, find_sources
from science.coded_mask.sky_map import matched_map
from services.isgri.analysis.background import templates
from services.isgri.analysis.camera import CAMERA
from services.isgri.analysis.mask_defects import read_transmission
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


def test_known_mask_defects_leave_nothing(bars: Bars, tmp_path: Path) -> None:
    """With the map of the cells the flux is right and the chi2 that of noise; many and dark cells, so that it shows."""
    rng = np.random.default_rng(15)
    transmission = defective_cells(rng, share=0.10, opacity=0.5)
    fits.ImageHDU(transmission).writeto(tmp_path / "map.fits")
    knowing = replace(CAMERA, transmission_map=read_transmission(tmp_path / "map.fits"))
    bias: dict[str, list[float]] = {"known": [], "unknown": []}
    chi2: dict[str, list[float]] = {"known": [], "unknown": []}
    for place in ((0.02, -0.01), (0.07, 0.05), (-0.03, 0.10)):
        shadow = simulate(rng, [(*place, 3 * CRAB)], live_s=8000.0, mask_transmission=transmission)
        for what, camera in (("known", knowing), ("unknown", CAMERA)):
            data = Shadowgram(20.0, 40.0, shadow.counts, shadow.live, shadow.live_s, camera)
            sky = Field([ShadowgramFit(data, templates())])
            find_sources(sky, Candidates([]), 6.0)
            nearest = int(np.argmin([np.hypot(s.tz - place[0], s.ty - place[1]) for s in sky.sources]))
            bias[what].append(float(sky.fits[0].flux[nearest] / (3 * CRAB) - 1.0))
            chi2[what].append(sky.fits[0].chi2_per_dof)
    what = "10 % of the cells half opaque, 3 Crab in 8 ks, 3 fields"
    known, unknown = (float(np.mean(chi2[name])) for name in ("known", "unknown"))
    print(f"{what}: chi2 per dof {unknown:.2f} without the map")
    worst = float(np.max(np.abs(bias["known"])))
    bars.record("-", f"{what}: largest flux bias with their map", worst, "< 1.5 %", worst < 0.015)
    bars.record("-", f"{what}: chi2 per dof with their map", known, "< 1.1", known < 1.1)
    assert unknown > 1.5
    assert np.min(np.abs(bias["unknown"])) > 0.02


def test_a_file_that_is_no_map_of_the_mask_is_refused(tmp_path: Path) -> None:
    fits.ImageHDU(np.ones((53, 53))).writeto(tmp_path / "small.fits")
    with pytest.raises(ValueError, match="95 x 95 cells"):
        read_transmission(tmp_path / "small.fits")
    fits.ImageHDU(np.full((95, 95), 2.0)).writeto(tmp_path / "percent.fits")
    with pytest.raises(ValueError, match="between 0 and 1"):
        read_transmission(tmp_path / "percent.fits")
