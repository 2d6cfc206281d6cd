"""Sky maps and fits: pitfalls of coded-mask analysis, each with its own test."""

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from science.coded_mask.catalogue import CatalogueSource
from science.coded_mask.field import Field
from science.coded_mask.fit import Shadowgram, ShadowgramFit, inverse
from science.coded_mask.odd_pixels import odd_pixels
from science.coded_mask.poisson import significance
from science.coded_mask.refine import Surroundings, refine
from science.coded_mask.search import Candidates, find_sources
from science.coded_mask.sky_map import matched_map, noise_scale
from science.coded_mask.validation import Validation
from services.isgri.analysis.background import templates
from services.isgri.analysis.camera import CAMERA, GRID
from services.isgri.analysis.detector import SHAPE, module_map
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.mask import HEIGHT_MM, PERIOD_MM
from services.isgri.analysis.pif import pixel_illumination
from services.isgri.analysis.working_pixels import working_pixels

_LIVE = module_map() >= 0
_ARCMIN = np.pi / 180.0 / 60.0


def _fit(counts: NDArray[np.float64], live: NDArray[np.bool_] = _LIVE, seconds: float = 1000.0) -> ShadowgramFit:
    return ShadowgramFit(Shadowgram(20.0, 40.0, counts * live, live, seconds, CAMERA), templates())


def _noise_free(tz: float, ty: float, flux: float = 40.0, level: float = 8.0) -> NDArray[np.float64]:
    return (level + flux * 1000.0 / 16384.0 * pixel_illumination(tz, ty)) * _LIVE


@pytest.mark.parametrize("place", [(0.0, 0.0), (0.031, -0.052), (-0.12, 0.04), (0.2, 0.1)])
def test_a_noise_free_source_peaks_at_its_place_with_its_flux(place: tuple[float, float]) -> None:
    fit = _fit(_noise_free(*place))
    fit.fit()
    image = matched_map(fit, oversampling=2)
    row, column = np.unravel_index(int(np.nanargmax(image.significance)), image.flux.shape)
    np.testing.assert_allclose(image.tangents(int(row), int(column)), place, atol=0.6 * GRID.step)
    refined = refine(Surroundings(fit), *image.tangents(int(row), int(column)))
    np.testing.assert_allclose((refined.tz, refined.ty), place, atol=0.05 * _ARCMIN)
    assert refined.flux == pytest.approx(40.0, rel=0.02)


def test_the_peak_pixel_is_not_the_flux() -> None:
    """Between two pixels of the pitch grid a third of the peak is lost; the fit has all of it."""
    place = (10.5 * GRID.step, -7.5 * GRID.step)
    fit = _fit(_noise_free(*place))
    fit.fit()
    assert np.nanmax(matched_map(fit).flux) < 0.9 * 40.0
    fit.add(pixel_illumination(*place))
    fit.fit()
    assert fit.flux[0] == pytest.approx(40.0, rel=1e-3)


def test_map_sizes_and_places_agree() -> None:
    fit = _fit(_noise_free(0.0, 0.0))
    fit.fit()
    for oversampling in (1, 2):
        image = matched_map(fit, oversampling)
        assert image.flux.shape == tuple((n - 1) * oversampling + 1 for n in GRID.shape)
        centre = image.pixel(0.0, 0.0)
        assert centre is not None
        assert image.tangents(*centre) == (0.0, 0.0)
    assert image.pixel(1.0, 0.0) is None


def test_the_background_is_balanced_inside_the_coded_area() -> None:
    """A slope over the detector must not reach the map: it is not modelled here, only the local level is."""
    rng = np.random.default_rng(4)
    slope = 1.0 + 0.1 * np.linspace(-1.0, 1.0, SHAPE[0])[:, None] * np.ones((1, SHAPE[1]))
    counts = rng.poisson(20.0 * slope * _LIVE).astype(float)
    flat = ShadowgramFit(Shadowgram(20.0, 40.0, counts, _LIVE, 1000.0, CAMERA), [_LIVE.astype(float)])
    flat.fit()
    assert np.nanstd(matched_map(flat).significance) < 1.25
    full = _fit(counts)
    full.fit()
    assert np.nanstd(matched_map(full).significance) < 1.03


def test_variance_comes_from_the_model_where_counts_are_few() -> None:
    rng = np.random.default_rng(8)
    pif = pixel_illumination(0.02, 0.03)
    fluxes = []
    for _ in range(60):
        fit = _fit(rng.poisson((0.5 + 20.0 * 1000.0 / 16384.0 * pif) * _LIVE).astype(float))
        fit.add(pif)
        fit.fit()
        fluxes.append(fit.flux[0])
    assert np.mean(fluxes) == pytest.approx(20.0, abs=4.0 * np.std(fluxes) / np.sqrt(60.0))
    assert np.std(fluxes) == pytest.approx(fit.flux_error[0], rel=0.3)


def test_negative_fluxes_are_fitted_and_not_cut() -> None:
    counts = (10.0 - 0.5 * pixel_illumination(0.02, 0.03)) * _LIVE
    fit = _fit(counts)
    fit.add(pixel_illumination(0.02, 0.03))
    fit.fit()
    assert fit.flux[0] == pytest.approx(-0.5 * 16.384, rel=1e-3)
    sky = Field([_fit(counts)])
    find_sources(sky, Candidates([]), 6.0)
    assert not sky.sources, "holes are no sources"


def test_sources_too_close_to_tell_apart_do_not_break_the_fit() -> None:
    fit = _fit(_noise_free(0.02, 0.03))
    fit.add(pixel_illumination(0.02, 0.03))
    fit.add(pixel_illumination(0.02, 0.03))
    fit.fit()
    assert np.isfinite(fit.flux).all()
    assert fit.flux.sum() == pytest.approx(40.0, rel=0.02)
    assert np.isfinite(inverse(np.zeros((3, 3)))).all()


def test_wanted_sources_at_one_place_are_merged_with_a_warning() -> None:
    sky = Field([_fit(_noise_free(0.02, 0.03))])
    twins = [(CatalogueSource(name, 0.0, 0.0, wanted=True), 0.02, 0.03) for name in ("A", "B")]
    candidates = Candidates(twins)
    find_sources(sky, candidates, 6.0)
    assert [source.entry.name for source in sky.sources if source.entry] == ["A"]
    assert "B is within 6 arcmin" in candidates.warnings[0]


def test_a_ghost_place_loses_against_the_true_one() -> None:
    """Off axis the place one period away shows the same pattern through the other side of the mask."""
    rng = np.random.default_rng(6)
    period = PERIOD_MM / HEIGHT_MM
    for tz, ty in ((0.12, 0.01), (-0.13, 0.05), (0.02, -0.14)):
        counts = rng.poisson(_noise_free(tz, ty, flux=25.0, level=10.0)).astype(float)
        sky = Field([_fit(counts)])
        find_sources(sky, Candidates([]), 6.0)
        assert len(sky.sources) == 1
        assert np.hypot(sky.sources[0].tz - tz, sky.sources[0].ty - ty) < 3.0 * _ARCMIN < period


def test_an_ambiguous_place_is_settled_by_the_catalogue_or_named() -> None:
    """Where one place is as good as its ghost, a catalogue source decides; without one the rival is kept."""
    rng = np.random.default_rng(17)
    period = PERIOD_MM / HEIGHT_MM
    true, ghost = (period / 2 + 0.001, 0.02), (0.001 - period / 2, 0.02)
    counts = rng.poisson(_noise_free(*true, flux=5.0, level=10.0)).astype(float)
    blind = Field([_fit(counts)])
    find_sources(blind, Candidates([]), 5.0)
    assert len(blind.sources) == 1
    assert blind.sources[0].rival is not None
    for place in (true, ghost):
        sky = Field([_fit(counts)])
        find_sources(sky, Candidates([(CatalogueSource("known", 0.0, 0.0), *place)]), 5.0)
        assert [source.entry.name for source in sky.sources if source.entry] == ["known"]
        assert np.hypot(sky.sources[0].tz - place[0], sky.sources[0].ty - place[1]) < 6.0 * _ARCMIN


def test_peaks_at_the_very_edge_end_the_search() -> None:
    """A hot corner of the detector peaks at the edge of the map; the search must not circle there."""
    counts = np.full(SHAPE, 20.0) * _LIVE
    counts[:12, :12] *= 1.5
    sky = Field([_fit(counts)])
    find_sources(sky, Candidates([]), 6.0)
    assert len(sky.sources) < 30


def test_known_sources_get_their_name_and_faint_ones_their_catalogue_place() -> None:
    rng = np.random.default_rng(9)
    bright, faint = (0.03, 0.02), (-0.04, 0.05)
    image = 10.0 + 80.0 / 16.384 * pixel_illumination(*bright) + 8.0 / 16.384 * pixel_illumination(*faint)
    sky = Field([_fit(rng.poisson(image * _LIVE).astype(float))])
    listed = [
        (CatalogueSource("bright", 0.0, 0.0), bright[0] + 0.3 * _ARCMIN, bright[1]),
        (CatalogueSource("faint", 0.0, 0.0), *faint),
        (CatalogueSource("silent", 0.0, 0.0), 0.0, -0.06),
    ]
    find_sources(sky, Candidates(listed), 6.0)
    found = {source.entry.name: source for source in sky.sources if source.entry}
    assert set(found) == {"bright", "faint"}
    assert len(sky.sources) == 2
    assert found["bright"].free
    assert np.hypot(found["bright"].tz - bright[0], found["bright"].ty - bright[1]) < 0.3 * _ARCMIN
    assert not found["faint"].free
    assert (found["faint"].tz, found["faint"].ty) == faint


def test_a_bright_known_source_outside_the_map_is_fitted_first() -> None:
    corner = (-0.2224, 0.2535)
    rng = np.random.default_rng(11)
    counts = rng.poisson((20.0 + 60.0 * pixel_illumination(*corner)) * _LIVE).astype(float)
    sky = Field([_fit(counts)])
    find_sources(sky, Candidates([(CatalogueSource("corner", 0.0, 0.0), *corner)]), 6.0)
    assert [source.entry.name for source in sky.sources if source.entry] == ["corner"]
    assert len(sky.sources) == 1
    assert not sky.sources[0].free


def test_hot_and_dead_pixels_are_left_out_but_not_pixels_under_a_bright_source() -> None:
    rng = np.random.default_rng(12)
    counts = rng.poisson(_noise_free(0.03, 0.02, flux=400.0, level=8.0)).astype(float)
    total = counts + rng.poisson(60.0 * _LIVE).astype(float)
    total[20, 20] = 0.0
    total[21, 21] = 900.0
    flat, attitude = np.ones(SHAPE), INSTRUMENT.attitude(0.0, 0.0, 0.0, 90.0)
    usable, _ = working_pixels(total, 1000.0, flat, [], attitude, Validation("test"))
    assert not usable[20, 20]
    assert not usable[21, 21]
    assert usable.sum() == _LIVE.sum() - 2
    counts[40, 40] = 200.0
    fit = _fit(counts, usable)
    fit.add(pixel_illumination(0.03, 0.02))
    fit.fit()
    odd = odd_pixels(fit)
    assert odd[40, 40]
    assert odd.sum() == 1


def test_single_counts_in_dark_pixels_are_not_odd() -> None:
    rng = np.random.default_rng(13)
    fit = _fit(rng.poisson(0.01 * _LIVE).astype(float))
    fit.fit()
    assert not odd_pixels(fit).any()


def test_poisson_significance_is_gaussian_for_many_and_exact_for_few_counts() -> None:
    assert significance(np.array([10_500.0]), np.array([10_000.0]))[0] == pytest.approx(4.96, abs=0.03)
    few = significance(np.array([10.0]), np.array([1.0]))[0]
    assert few == pytest.approx(stats.norm.isf(stats.poisson.sf(9, 1.0)), abs=0.4)
    assert significance(np.array([0.0]), np.array([4.0]))[0] < -2.0


def test_noise_scale_ignores_sources() -> None:
    rng = np.random.default_rng(14)
    values = rng.normal(0.0, 1.5, (300, 300)).astype(np.float32)
    values[10:12, 10:12] = 300.0
    values[0] = np.nan
    assert noise_scale(values) == pytest.approx(1.5, rel=0.02)


def test_listed_sources_leave_the_search_its_whole_limit() -> None:
    place = (0.02, 0.03)
    counts = np.random.default_rng(8).poisson(_noise_free(*place)).astype(float)
    sky = Field([_fit(counts)])
    listed = CatalogueSource("listed", 0.0, 0.0, wanted=True)
    find_sources(sky, Candidates([(listed, -0.06, -0.05)]), 6.0, limit=1)
    found = [(source.tz, source.ty) for source in sky.sources if source.entry is None]
    assert len(found) == 1
    np.testing.assert_allclose(found[0], place, atol=2.0 * _ARCMIN)
