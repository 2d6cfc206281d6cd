"""The field of the Galactic Centre, from simulated event files to the catalogue of the mosaic."""

import re
from contextlib import nullcontext
from pathlib import Path

import numpy as np
import pytest

from science.coded_mask.catalogue import package_catalogue
from science.coded_mask.geometry import separation_arcmin
from science.coded_mask.mosaic import Mosaic
from science.coded_mask.mosaic_file import mosaic_images
from science.coded_mask.sky_file import sky_hdus
from science.coded_mask.source_list import WindowSource, window_sources
from science.coded_mask.window_product import read_window
from services.isgri.analysis.camera import isgri_camera
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.pif import coded_fraction
from services.isgri.analysis.window import IsgriWindow, analyse_window
from services.isgri.simulator.scenarios import GALACTIC_CENTRE_SKY, dither
from services.isgri.simulator.sky import SkySource
from services.isgri.simulator.window import simulate_window
from tests.science.bars import Bars

_CRAB = 142.0


def _analyse(path: Path, threshold: float = 6.0, *, blind: bool = False) -> IsgriWindow:
    catalogue = [] if blind else package_catalogue(INSTRUMENT)
    return analyse_window(path, [(20.0, 40.0)], catalogue, threshold, burst_search=False, step=lambda _: nullcontext())


def _match(source: SkySource, found: list[WindowSource], reach_arcmin: float = 12.0) -> WindowSource | None:
    near = [s for s in found if separation_arcmin(source.ra, source.dec, s.ra, s.dec) < reach_arcmin]
    return near[0] if near else None


_POINTING_S = 3563.0
"""Length of the pointings of these revolutions; the faint source has 7 sigma in it, and 5.3 in 2 ks."""
_DESIGN_S = 2830.0
"""Where 20 mCrab have 6.3 sigma, as in the estimate that the bar was set by (3.2 mCrab for one window)."""


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    ("exposure_s", "realisations"),
    [
        pytest.param(_POINTING_S, 5, marks=pytest.mark.short),
        pytest.param(_POINTING_S, 20, marks=pytest.mark.long),
        pytest.param(_DESIGN_S, 20, marks=pytest.mark.long),
        pytest.param(2000.0, 20, marks=pytest.mark.long),
    ],
)
def test_blind_search_of_one_window(bars: Bars, tmp_path: Path, exposure_s: float, realisations: int) -> None:
    pointing = dither(1)[0]
    bright = faint = spurious = swapped = 0
    spread = []
    for seed in range(realisations):
        events = tmp_path / "isgri_events.fits"
        simulate_window(events, pointing, GALACTIC_CENTRE_SKY, seed=100 + seed, exposure_s=exposure_s)
        result = _analyse(events, threshold=5.5, blind=True)
        found = window_sources(result.sky, result.events.attitude)
        for source in GALACTIC_CENTRE_SKY:
            if source.mcrab_20_40 >= 25.0:
                bright += _match(source, found) is not None
            else:
                faint += _match(source, found) is not None
        for place in (s for s in found if not _is_true(s.ra, s.dec)):
            # A source that one pointing cannot tell from its ghost is reported with both places.
            named = any(f"{place.ra:.2f}" in text and _is_true(*_second_place(text)) for text in result.warnings)
            swapped += named
            spurious += not named
        spread.append(result.images[0].residual_std)
    where = f"{realisations} windows of {exposure_s:.0f} s"
    share, faintly, width = bright / (7 * realisations), faint / realisations, float(np.mean(spread))
    below = "20 mCrab are 5.3 sigma in 2 ks: 43 % of such sources pass a threshold of 5.5, whatever the method"
    short = below if exposure_s < _DESIGN_S else None
    few = "five windows are too few for a share" if realisations < 20 else None
    twin = (
        "noise makes the ghost of this source the likelier place in 3 % of windows, at 5.3 as at 7 sigma; one pointing "
        "cannot tell, and the window names both places"
    )
    bars.record("B-11", f"found of the seven of 25 mCrab and more, {where}", share, "1", share == 1.0)
    bars.record("B-11", f"found at 20 mCrab, {where}", faintly, ">= 0.6", faintly >= 0.6, reason=short or few)
    noise = "of empty fields 0.75 % have a peak above 5.5 (B-4): one in the 60 windows of all exposures is no surprise"
    # No excuse at the length of the pointings, where the bar holds.
    excuse = noise if spurious == 1 and exposure_s < _POINTING_S else None
    bars.record("B-11", f"spurious, {where}", spurious, "0", spurious == 0, reason=excuse)
    bars.record("B-11", f"put at a ghost, both places named, {where}", swapped, "0", swapped == 0, reason=twin)
    bars.record("B-11", f"residual std, {where}", width, "1.00 +- 0.02", abs(width - 1.0) < 0.02)
    assert swapped <= max(2, realisations // 10)


def _is_true(ra: float, dec: float) -> bool:
    return any(separation_arcmin(ra, dec, t.ra, t.dec) < 12.0 for t in GALACTIC_CENTRE_SKY)


def _second_place(warning: str) -> tuple[float, float]:
    numbers = re.findall(r"RA ([\d.]+) Dec ([-\d.]+)", warning)
    return (float(numbers[1][0]), float(numbers[1][1])) if len(numbers) == 2 else (0.0, 90.0)


@pytest.mark.timeout(3000)
@pytest.mark.parametrize(
    ("windows", "threshold"),
    [pytest.param(9, 5.0, marks=pytest.mark.short), pytest.param(50, 6.0, marks=pytest.mark.long)],
)
def test_mosaic_of_a_dither_pattern(bars: Bars, tmp_path: Path, windows: int, threshold: float) -> None:
    faint = SkySource("a source below the threshold of one window", 266.4, -31.5, 8.0)
    sky = (*GALACTIC_CENTRE_SKY, faint)
    products, errors = [], []
    for pointing in dither(windows):
        events = tmp_path / "isgri_events.fits"
        simulate_window(events, pointing, sky, seed=7)
        result = _analyse(events)
        path = tmp_path / f"{pointing.scw}.fits"
        sources = window_sources(result.sky, result.events.attitude)
        sky_hdus(result, sources).writeto(path)
        products.append(read_window(path, pointing.scw, INSTRUMENT, isgri_camera))
        errors.append(next(s.flux_error[0] for s in sources if s.name == "1E 1740.7-2942"))
    mosaic = Mosaic(products)
    mosaic.build()
    mosaic.search(package_catalogue(INSTRUMENT), threshold)
    catalogue = mosaic.finish()
    pulls, ratios = [], []
    for source in sky:
        match = next(
            (
                s
                for s in catalogue
                if separation_arcmin(source.ra, source.dec, *s.position()[:2]) < (3.0 if s.new else 1.0)
            ),
            None,
        )
        assert match is not None, f"{source.name} is missing from the mosaic"
        mean, error, chi2 = match.combined()
        pulls.append((mean[0] - source.mcrab_20_40 / 1000.0 * _CRAB) / error[0])
        ratios.append(mean[0] / (source.mcrab_20_40 / 1000.0 * _CRAB))
        assert chi2[0] < 3.5, f"{source.name} is constant but chi2 per window is {chi2[0]:.1f}"
    central = next(s for s in catalogue if s.name == "1E 1740.7-2942")
    # The first window's error, carried to all by the share of the detector that sees the source in each.
    seen = [coded_fraction(*p.attitude.tangents(*central.position()[:2])) for p in products]
    gain = central.combined()[1][0] / (errors[0] / np.sqrt(np.sum(seen) / seen[0]))
    bright = np.mean([r for r, s in zip(ratios, sky, strict=True) if s.mcrab_20_40 > 50.0])
    assert len(catalogue) == len(sky)
    assert max(np.abs(pulls)) < 4.0
    width = mosaic.sums[0].width
    mosaics = f"mosaic of {windows} windows of 2 ks"
    bars.record("B-13", f"{mosaics}: error over 1/sqrt(N)", gain, "1 +- 5 %", abs(gain - 1.0) < 0.05)
    bars.record("B-13", f"{mosaics}: residual std", width, "1.00 +- 0.03", abs(width - 1.0) < 0.03)
    bars.record("B-13", f"{mosaics}: flux bias above 50 mCrab", bright - 1.0, "2 %", abs(bright - 1.0) < 0.02)
    # A drawn source has its fitted flux at its place.
    intensity = mosaic_images(mosaic, catalogue)[0].pixels
    row, column = np.round(mosaic.grid.pixel(_vector(central.position()))).astype(int)
    assert intensity[row, column] == pytest.approx(central.combined()[0][0], rel=0.15)


def _vector(place: tuple[float, float, float]) -> np.ndarray:
    ra, dec = np.radians(place[:2])
    return np.array([np.cos(dec) * np.cos(ra), np.cos(dec) * np.sin(ra), np.sin(dec)])
