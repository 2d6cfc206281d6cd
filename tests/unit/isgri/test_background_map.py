"""Background maps: sums, patterns of bands, files, and what an analysis says about a map that it is given."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from mesh.kit import BadInput
from science.coded_mask.fit import Shadowgram, ShadowgramFit
from science.coded_mask.pattern import Pattern, patterns_of
from science.coded_mask.sky_map import matched_map
from services.isgri.analysis.background import templates
from services.isgri.analysis.background_file import background_hdus, read_background
from services.isgri.analysis.background_map import GROUPS_KEV, BackgroundMap, added, empty_map, map_warnings
from services.isgri.analysis.camera import CAMERA
from services.isgri.analysis.detector import SHAPE, module_map

_LIVE = module_map() >= 0
_FLAT = _LIVE.astype(np.float64)
_GROUPS = len(GROUPS_KEV) - 1


def _scattered(rng: np.random.Generator, scatter: float) -> NDArray[np.float64]:
    return np.asarray((1.0 + rng.normal(0.0, scatter, SHAPE)) * _LIVE)


def _map(rng: np.random.Generator, factor: NDArray[np.float64], level: float, label: str) -> BackgroundMap:
    smooth = np.broadcast_to(level * _FLAT, (_GROUPS, *SHAPE)).copy()
    return BackgroundMap(rng.poisson(smooth * factor).astype(float), smooth, smooth, (label,), (2016, 2016))


def _pattern_of(counts: NDArray[np.float64], smooth: NDArray[np.float64]) -> Pattern:
    return patterns_of(counts[None], smooth[None]).band(np.ones(1))


def test_a_pattern_is_as_certain_as_the_counts_behind_it() -> None:
    rng = np.random.default_rng(2)
    factor = _scattered(rng, 0.2)
    for level in (5.0, 50.0, 5000.0):
        smooth = level * _FLAT
        pattern = _pattern_of(rng.poisson(smooth * factor).astype(float), smooth)
        off = (pattern.image - (factor - 1.0))[_LIVE]
        assert np.std(off) == pytest.approx(pattern.error[_LIVE].mean(), rel=0.05)
        assert pattern.typical_error(_LIVE) < min(0.2, 1.1 / np.sqrt(level))
        assert not pattern.image[~_LIVE].any()


@pytest.mark.parametrize("alike", [True, False])
def test_groups_tell_of_each_other_as_far_as_they_are_alike(*, alike: bool) -> None:
    rng = np.random.default_rng(12)
    factors = [_scattered(rng, 0.2) for _ in range(6)]
    factors = factors[:1] * 6 if alike else factors
    smooth = np.broadcast_to(5.0 * _FLAT, (6, *SHAPE))
    found = patterns_of(rng.poisson(smooth * factors).astype(float), smooth)
    pattern = found.band(np.array([0.0, 1.0, 0.0, 0.0, 0.0, 0.0]))
    off = (pattern.image - (factors[1] - 1.0))[_LIVE]
    assert np.std(off) == pytest.approx(pattern.error[_LIVE].mean(), rel=0.05)
    alone = _pattern_of(rng.poisson(smooth[1] * factors[1]).astype(float), smooth[1]).error[_LIVE].mean()
    assert pattern.error[_LIVE].mean() / alone == pytest.approx(0.74 if alike else 1.0, abs=0.1)
    whole = found.band(np.ones(6))
    off = (whole.image - (np.mean(factors, axis=0) - 1.0))[_LIVE]
    assert np.std(off) == pytest.approx(whole.error[_LIVE].mean(), rel=0.05)


def test_noise_of_subtracted_sources_is_no_scatter_of_pixels() -> None:
    rng = np.random.default_rng(13)
    factor = _scattered(rng, 0.2)
    smooth, source = 20.0 * _FLAT, 60.0 * _FLAT
    counts = rng.poisson(smooth * factor + source) - source
    pattern = patterns_of(counts[None], smooth[None], (smooth + source)[None]).band(np.ones(1))
    off = (pattern.image - (factor - 1.0))[_LIVE]
    assert np.std(off) == pytest.approx(pattern.error[_LIVE].mean(), rel=0.05)
    assert np.std(off) < 0.19


def test_a_map_of_equal_pixels_is_flat() -> None:
    rng = np.random.default_rng(3)
    smooth = 1000.0 * _FLAT
    pattern = _pattern_of(rng.poisson(smooth).astype(float), smooth)
    assert np.abs(pattern.image).max() < 0.02


def test_maps_add_up_to_better_ones() -> None:
    rng = np.random.default_rng(4)
    factor = _scattered(rng, 0.2)
    parts = [_map(rng, factor, 20.0, f"20160{number:03d}0010.001") for number in range(1, 9)]
    total = added([empty_map(), *parts])
    assert len(total.windows) == 8
    assert total.errors()[0] == pytest.approx(parts[0].errors()[0] / 2.1, rel=0.25)
    with pytest.raises(BadInput, match="in two of the background maps"):
        added([total, parts[0]])


def test_a_band_takes_the_groups_that_it_overlaps() -> None:
    rng = np.random.default_rng(5)
    smooth = np.broadcast_to(1e4 * _FLAT, (_GROUPS, *SHAPE)).copy()
    counts = smooth.copy()
    factor = _scattered(rng, 0.2)
    counts[GROUPS_KEV.index(28)] *= factor  # 28-32 keV only
    background = BackgroundMap(counts, smooth, smooth, ("201600270010.001",), (2016, 2016))
    assert np.corrcoef(background.pattern(28.0, 32.0).image[_LIVE], factor[_LIVE])[0, 1] > 0.99
    assert np.std(background.pattern(28.0, 36.0).image[_LIVE]) == pytest.approx(0.1, rel=0.1)
    assert np.std(background.pattern(60.0, 100.0).image[_LIVE]) < 0.01
    with pytest.raises(BadInput, match="15-1000 keV"):
        background.pattern(1100.0, 1200.0)


def test_a_map_survives_its_file(tmp_path: Path) -> None:
    rng = np.random.default_rng(6)
    written = _map(rng, _scattered(rng, 0.2), 20.0, "201600270010.001")
    background_hdus(written).writeto(tmp_path / "isgri_background.fits")
    found = read_background(tmp_path / "isgri_background.fits")
    assert (found.windows, found.revolutions) == (written.windows, written.revolutions)
    assert np.array_equal(found.counts, written.counts)
    (tmp_path / "other.fits").write_bytes(b"SIMPLE")
    with pytest.raises(BadInput, match="isgri_background product"):
        read_background(tmp_path / "other.fits")


def test_a_poor_map_and_a_map_of_the_window_itself_are_named() -> None:
    rng = np.random.default_rng(7)
    factor = _scattered(rng, 0.2)
    few = _map(rng, factor, 5.0, "201600270010.001")
    many = added([few, *(_map(rng, factor, 5.0, f"20160{n:03d}0010.001") for n in range(100, 110))])
    data = [Shadowgram(20.0, 40.0, many.counts[0], _LIVE, 1000.0, CAMERA, many.pattern(20.0, 40.0))]
    [text] = map_warnings(many, data, "201700010010", 2017)
    assert "knows the pixels in 20-40 keV to" in text
    assert len(map_warnings(many, data, "201600270010", 2016)) == 2
    with pytest.raises(BadInput, match="one of only 1 windows"):
        map_warnings(few, data, "201600270010", 2016)


@pytest.mark.parametrize(("revolution", "named"), [(2016, False), (2076, False), (2077, True), (60, True), (0, False)])
def test_a_map_of_another_epoch_is_named_with_both_epochs(revolution: int, *, named: bool) -> None:
    flat = np.broadcast_to(1e6 * _FLAT, (_GROUPS, *SHAPE)).copy()
    background = BackgroundMap(flat, flat, flat, ("201600270010.001",), (2016, 2016))
    texts = map_warnings(background, [], f"{revolution:04d}00010010", revolution)
    assert len(texts) == named
    assert all("2016-2016" in text and str(revolution) in text for text in texts)


def test_a_map_takes_the_scatter_of_the_pixels_out_of_the_sky() -> None:
    rng = np.random.default_rng(8)
    factor = _scattered(rng, 0.2)
    flat = 30.0 * _FLAT
    known = _pattern_of(rng.poisson(20 * flat * factor).astype(float), 20 * flat)
    data = Shadowgram(20.0, 40.0, rng.poisson(flat * factor).astype(float), _LIVE, 1000.0, CAMERA)
    widths = []
    for pattern in (None, known, Pattern(np.zeros(SHAPE), 0.2 * _FLAT)):
        fit = ShadowgramFit(replace(data, pattern=pattern), templates())
        fit.fit()
        image = matched_map(fit)
        widths.append((float(np.nanstd(image.significance)), float(np.nanmedian(image.sigma))))
    (blind, _), (mapped, small), (inflated, large) = widths
    assert blind > 1.3
    assert mapped == pytest.approx(1.0, abs=0.03)
    assert inflated == pytest.approx(1.0, abs=0.05), "what a map does not know widens the errors"
    assert small < 0.8 * large


def test_a_map_without_some_of_its_windows_is_that_of_the_others() -> None:
    rng = np.random.default_rng(8)
    factor = _scattered(rng, 0.2)
    parts = [_map(rng, factor, 20.0, f"20160{number:03d}0010.001") for number in range(1, 5)]
    alone = np.zeros(SHAPE, bool)
    alone[3, 3] = True  # no other window uses this pixel
    parts[1:] = [replace(part, counts=part.counts * ~alone, smooth=part.smooth * ~alone) for part in parts[1:]]
    left = added(parts).without(parts[0])
    others = added(parts[1:])
    assert left.windows == others.windows
    np.testing.assert_allclose(left.counts, others.counts)
    np.testing.assert_allclose(left.smooth, others.smooth)
    # Files have single precision, which leaves something of what is taken away.
    rough = [
        replace(part, counts=_single(part.counts), smooth=_single(part.smooth)) for part in (added(parts), parts[0])
    ]
    assert rough[0].without(rough[1]).pattern(20.0, 40.0).image[3, 3] == 0.0
    with pytest.raises(BadInput, match="no window of the background map"):
        left.without(parts[0])


def _single(values: NDArray[np.float64]) -> NDArray[np.float64]:
    return (values * (1.0 / 3.0)).astype(np.float32).astype(np.float64)
