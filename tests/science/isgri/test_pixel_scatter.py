"""Errors hold where pixels differ: spectra, bands, light curves and mosaics without a background map."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from science.coded_mask.extraction import Target
from science.coded_mask.weighted_curve import weighted_rates
from services.isgri.analysis.background_map import BackgroundMap
from services.isgri.analysis.channels import edges_kev
from services.isgri.analysis.exposed_window import ExposedWindow, expose
from services.isgri.analysis.lc_stage import band_scatter, band_weights, in_band, live_bins
from services.isgri.analysis.spectrum_stage import energy_groups
from services.isgri.analysis.window_fit import WindowFit, count_bands, count_channels, fit_window, pixel_of
from services.isgri.simulator.detector import DetectorState, draw_state
from tests.real_window import assemble, parts
from tests.science.bars import Bars
from tests.science.isgri.windows import epoch_map, pointing, untold, window

Array = NDArray[np.float64]
_MIDDLE = (edges_kev()[1:] + edges_kev()[:-1]) / 2.0
Bands = tuple[tuple[float, float], ...]
_BANDS: Bands = ((20.0, 40.0), (40.0, 80.0), (80.0, 150.0), (150.0, 400.0))
_WIDE: Bands = ((20.0, 80.0), (20.0, 400.0), (12.5, 1029.5))
"""Across the groups in which the scatter of the pixels is measured; the last one is all 256 channels."""
_EPOCH = 40
"""Windows of the map of an epoch."""
_APART, _PLACES = 0.03, 5
_ALONE = 60
"""Places that are fitted one by one."""
_KNOWN = (Target("SGR 1935+2154", 293.7317, 21.8967), Target("Cyg X-1", 299.5903, 35.2016))


def _empty_places(
    rng: np.random.Generator, ready: ExposedWindow, known: tuple[Target, ...], count: int = _PLACES
) -> list[Target]:
    """Return directions within 9 degrees along each axis, away from each other and from sources."""
    attitude = ready.events.attitude
    taken = [attitude.tangents(target.ra, target.dec) for target in known]
    places: list[Target] = []
    while len(places) < count:
        tz, ty = np.tan(np.radians(rng.uniform(-9.0, 9.0, 2)))
        if all(np.hypot(tz - float(z), ty - float(y)) > _APART for z, y in taken):
            taken.append((tz, ty))
            ra, dec = attitude.sky(tz, ty)
            places.append(Target(f"empty {len(places)}", float(ra), float(dec)))
    return places


def _pulls(
    rng: np.random.Generator,
    ready: ExposedWindow,
    counts: NDArray[np.float32],
    known: tuple[Target, ...] = (),
    background: BackgroundMap | None = None,
) -> tuple[Array, Array, Array]:
    """Return flux over error at empty places: in bands, shape (places, bands), and in channels of 20-400 keV; errors.

    The errors are those of the bands [counts/s].
    """
    wanted = [*known, *_empty_places(rng, ready, known)]
    found = fit_window(ready, wanted, counts, _MIDDLE, background.factors(edges_kev()) if background else None)
    common = found.scatter(energy_groups(_MIDDLE)).error
    empty = [n for n, target in enumerate(found.targets) if target.name.startswith("empty")]
    flux, own, common = found.fit.flux[empty], found.fit.flux_error[empty], common[empty]
    bands, errors = [], []
    for low, high in (*_BANDS, *_WIDE):
        inside = (low <= _MIDDLE) & (high > _MIDDLE)
        error = np.hypot(np.linalg.norm(own[:, inside], axis=1), common[:, inside].sum(axis=1))
        errors.append(error)
        bands.append(flux[:, inside].sum(axis=1) / error)
    inside = (_BANDS[0][0] <= _MIDDLE) & (_BANDS[-1][1] > _MIDDLE)
    return np.array(bands).T, (flux / np.hypot(own, common))[:, inside], np.array(errors).T


def _record(bars: Bars, bar: str, what: str, bands: Array, channels: Array, *, known: str | None = None) -> None:
    """Record the rms of pulls; where too few tell a tenth apart the limit is 4 errors of it.

    Args:
        bars: takes the figures.
        bar: its name.
        what: what was looked at.
        bands: pulls in the first of all bands, shape (places, bands).
        channels: pulls in single channels.
        known: a shortfall of bands that is known.
    """
    count = len(bands)
    reason = known if count >= 100 else f"{count} places know it to {1.0 / np.sqrt(2.0 * count):.2f} only"
    for (low, high), pulls in zip((*_BANDS, *_WIDE), bands.T, strict=False):
        rms = float(np.sqrt(np.mean(pulls**2)))
        name = f"{what}: pulls of zero flux at {count} places, {low:g}-{high:g} keV"
        bars.record(bar, name, rms, "1.0 +- 0.1", abs(rms - 1.0) <= 0.1, reason=reason)
        assert abs(rms - 1.0) < 0.1 + 4.0 / np.sqrt(2.0 * count)
    rms = float(np.sqrt(np.mean(channels**2)))
    bars.record(bar, f"{what}: pulls of zero flux in single channels", rms, "1.0 +- 0.1", abs(rms - 1.0) <= 0.1)


def _scattered(number: int) -> DetectorState:
    return draw_state(np.random.default_rng(100 + number), pixel_spread=0.186)


@pytest.mark.parametrize("trials", [pytest.param(4, marks=pytest.mark.short), pytest.param(40, marks=pytest.mark.long)])
def test_zero_flux_in_channels_and_bands(bars: Bars, tmp_path: Path, trials: int) -> None:
    rng = np.random.default_rng(33)
    blind, mapped = [], []
    for trial in range(trials):
        ready = window(tmp_path, pointing(trial), (), seed=trial, detector=_scattered(trial))
        counts = count_channels(ready, edges_kev())
        blind.append(_pulls(rng, ready, counts))
        background = epoch_map(rng, ready, _scattered(trial), _EPOCH)
        mapped.append(_pulls(rng, ready, counts, background=background))
    what = f"{trials} windows of 2 ks, pixels scattered by 18.6 %"
    bands, channels, before = (np.concatenate(part) for part in zip(*blind, strict=True))
    _record(bars, "B-33", what, bands[:, : len(_BANDS)], channels)
    bands, channels, after = (np.concatenate(part) for part in zip(*mapped, strict=True))
    _record(bars, "B-33", f"{what}, map of {_EPOCH} others", bands, channels)
    ratio = float(np.median(after[:, 0]) / np.median(before[:, 0]))
    what = f"{what}: error of 20-40 keV with a map of {_EPOCH} others over error without"
    bars.record("-", what, ratio, "< 1", ratio < 1.0)


@pytest.fixture(scope="module")
def real(shared_data: Path, tmp_path_factory: pytest.TempPathFactory) -> ExposedWindow:
    pieces = parts(shared_data)
    if len(pieces) != 3:
        pytest.skip("the three parts of the real science window are not there")
    path = tmp_path_factory.mktemp("real") / "isgri_events.fits"
    assemble(pieces, path)
    return expose(path, untold)


@pytest.mark.parametrize("trials", [pytest.param(6, marks=pytest.mark.short), pytest.param(40, marks=pytest.mark.long)])
def test_zero_flux_in_the_real_window(bars: Bars, real: ExposedWindow, trials: int) -> None:
    rng = np.random.default_rng(34)
    counts = count_channels(real, edges_kev())
    made = [_pulls(rng, real, counts, _KNOWN) for _ in range(trials)]
    bands, channels, _ = (np.concatenate(part) for part in zip(*made, strict=True))
    known = (
        "the shape of the background lifts all places of a zone alike above 150 keV: errors hold for one place, and "
        "five that are fitted at once share it"
    )
    _record(bars, "B-34", "real window 255900280010", bands[:, : len(_BANDS)], channels, known=known)


@pytest.mark.long
def test_zero_flux_of_one_place_in_the_real_window(bars: Bars, real: ExposedWindow) -> None:
    """Fitted alone, a place has all that the shape of the background lays on it; also below 20 and above 400 keV."""
    rng = np.random.default_rng(1)
    bands = ((12.5, 20.0), *_BANDS, (400.0, 1029.5))
    counts = count_bands(real, bands)
    middle = np.sqrt(np.prod(bands, axis=1))
    pulls = []
    for _ in range(_ALONE):
        place = _empty_places(rng, real, _KNOWN, 1)
        found = fit_window(real, [*_KNOWN, *place], counts, middle)
        common = found.scatter([np.array([band]) for band in range(len(bands))]).error
        pulls.append(found.fit.flux[-1] / np.hypot(found.fit.flux_error[-1], common[-1]))
    reason = f"{_ALONE} places know it to {1.0 / np.sqrt(2.0 * _ALONE):.2f} only"
    for (low, high), rms in zip(bands, np.sqrt(np.mean(np.square(pulls), axis=0)), strict=True):
        what = f"real window 255900280010: pulls of zero flux at {_ALONE} places one by one, {low:g}-{high:g} keV"
        bars.record("B-34", what, rms, "1.0 +- 0.1", abs(rms - 1.0) <= 0.1, reason=reason)
        assert abs(rms - 1.0) < 0.1 + 3.0 / np.sqrt(2.0 * _ALONE)


def _chi2_of_bins(found: WindowFit, width_s: float) -> list[float]:
    """Return chi2 per degree of freedom of each source against its mean, in bins that are exposed by a third."""
    first_s = float(found.window.gti[0, 0])
    count = int(np.ceil((float(found.window.gti[-1, 1]) - first_s) / width_s))
    bins = live_bins(found.window, first_s, width_s, count)
    used = in_band(found.window, _BANDS[0])
    rates, errors, _ = weighted_rates(
        found.window.events.time_s, pixel_of(found.window), used, bins, band_weights(found, 0)
    )
    kept = bins.exposed.mean(axis=0) > 0.3
    return [
        float(np.sum(((rate - np.average(rate, weights=error**-2)) / error) ** 2) / (kept.sum() - 1))
        for rate, error in zip(rates[:, kept], errors[:, kept], strict=True)
    ]


@pytest.mark.parametrize("kind", ["simulated", "real"])
def test_bins_of_a_constant(bars: Bars, tmp_path: Path, kind: str, request: pytest.FixtureRequest) -> None:
    ready: ExposedWindow
    known: tuple[Target, ...] = ()
    if kind == "real":
        ready, known = request.getfixturevalue("real"), _KNOWN
    else:
        ready = window(tmp_path, pointing(0), (), seed=35, detector=_scattered(0))
    wanted = [*known, *_empty_places(np.random.default_rng(35), ready, known)]
    found = fit_window(ready, wanted, count_bands(ready, _BANDS[:1]), np.array([30.0]))
    assert band_scatter(found)[0].width.max() > 1.1
    # The magnetar bursts: only empty places are constant.
    chi2 = float(np.mean(_chi2_of_bins(found, 20.0)[len(known) :]))
    what = f"{kind} window, pixels scatter, {_PLACES} empty places, 20-40 keV, bins of 20 s: chi2 per dof of a constant"
    bars.record("B-35", what, chi2, "0.9-1.1", 0.9 <= chi2 <= 1.1)
