"""Rates, spectra and time behaviour of the simulated events against the recipe."""

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from services.isgri.simulator import Burst, Pointing, Pulsation, SkySource, draw_state
from services.isgri.simulator.attitude import slopes
from services.isgri.simulator.background import BAND_RATES, NOISE_RATE, UNRECONSTRUCTED_RATE, draw_energies
from services.isgri.simulator.detector import PIXELS, image_pixels
from services.isgri.simulator.losses import chance_between, measured
from services.isgri.simulator.mask import passes
from services.isgri.simulator.photons import Events, background_events, source_events
from services.isgri.simulator.spectra import CRAB_20_40, CRAB_40_80, CountSpectrum, resolution_sigma, source_spectrum

POINTING = Pointing("201600270010.001", 83.63, 22.01, 83.63, -67.99, 6876.0)
CRAB = (83.6332, 22.0145)


def trace(source: SkySource, *, span_s: float = 100.0, live_fraction: float = 0.72, seed: int = 0) -> Events:
    rng = np.random.default_rng(seed)
    return source_events(rng, source, POINTING, span_s=span_s, live_fraction=live_fraction)


def in_band(energy: NDArray[np.float64], low: float, high: float) -> int:
    return int(((energy >= low) & (energy < high)).sum())


def test_crab_has_its_two_rates() -> None:
    crab = source_spectrum(SkySource("Crab", *CRAB, 1000.0))
    assert crab.band(20, 40) == pytest.approx(CRAB_20_40, rel=1e-6)
    assert crab.band(40, 80) == pytest.approx(CRAB_40_80, rel=1e-3)


@pytest.mark.parametrize(("soft", "hard"), [(60.0, 76.0), (200.0, 147.0), (80.0, 6.0)])
def test_two_band_fluxes_are_kept(soft: float, hard: float) -> None:
    spectrum = source_spectrum(SkySource("x", *CRAB, soft, hard))
    assert spectrum.band(40, 80) / spectrum.band(20, 40) == pytest.approx(
        hard / soft * CRAB_40_80 / CRAB_20_40, rel=1e-4
    )


def test_photons_of_high_energy_mostly_lose_some() -> None:
    rng = np.random.default_rng(6)
    for energy, low, high in ((60.0, 0.08, 0.14), (100.0, 0.10, 0.20), (300.0, 0.50, 0.68)):
        found = measured(rng, np.full(100_000, energy), np.full(100_000, 1.0))
        lost = float(np.mean(found < 0.9 * energy))
        assert low < lost < high
        assert found.min() > 12.5 - 6.0
        assert chance_between(np.array([energy]), np.array([1.0]), -10.0, 0.9 * energy)[0] == pytest.approx(
            lost, abs=5 * (lost / found.size) ** 0.5
        )


def test_drawn_energies_follow_the_spectrum() -> None:
    spectrum = CountSpectrum(2.1, CRAB_20_40)
    energy = spectrum.draw(np.random.default_rng(1), 400_000)
    for low, high in ((20, 40), (40, 80), (80, 150)):
        expected = spectrum.band(low, high) / spectrum.total * energy.size
        assert in_band(energy, low, high) == pytest.approx(expected, abs=5 * expected**0.5)


def test_resolution_is_8_percent_at_60_kev() -> None:
    assert 2.3548 * resolution_sigma(np.array([60.0]))[0] / 60.0 == pytest.approx(0.08)


def test_flux_convention_rate_of_a_fully_lit_pixel() -> None:
    """A pixel of PIF = 1, by a dense grid of rays, records F / 16384 x live fraction."""
    tangents = slopes(POINTING, *CRAB)
    assert tangents is not None
    inside = np.linspace(-1.95, 1.95, 9)
    number = np.arange(PIXELS)
    y = ((image_pixels(number, 64) - 64.5) * 4.6)[None, :, None, None] + inside[None, None, None, :]
    z = ((image_pixels(number, 32) - 66.5) * 4.6)[:, None, None, None] + inside[None, None, :, None]
    y, z = np.broadcast_arrays(y, z)
    lit = passes(y.ravel(), z.ravel(), *tangents).reshape(PIXELS, PIXELS, 81)
    full, dark = lit.all(axis=2), ~lit.any(axis=2)
    events = trace(SkySource("Crab", *CRAB, 20_000.0))
    chosen = (events.energy_kev >= 20) & (events.energy_kev < 40)
    counts = np.zeros((PIXELS, PIXELS))
    np.add.at(counts, (events.isgri_z[chosen], events.isgri_y[chosen]), 1)
    expected = 20 * CRAB_20_40 / 16384 * 0.72 * 100.0
    assert full.sum() > 2000
    assert counts[full].mean() == pytest.approx(expected, abs=5 * (expected / full.sum()) ** 0.5)
    assert counts[dark].sum() <= 0.001 * counts.sum()  # only the rim of the pixel between grid and edge is lit


def test_live_fraction_thins_source_photons() -> None:
    counts = [trace(SkySource("Crab", *CRAB, 5000.0), live_fraction=live).time_s.size for live in (1.0, 0.5)]
    assert counts[1] == pytest.approx(counts[0] / 2, abs=5 * counts[0] ** 0.5)


def test_a_source_far_outside_gives_nothing() -> None:
    assert trace(SkySource("far", 83.6, 50.0, 10_000.0)).time_s.size == 0
    assert trace(SkySource("behind", 263.6, -22.0, 10_000.0)).time_s.size == 0


def test_background_rates_of_good_pixels() -> None:
    state = draw_state(np.random.default_rng(2), hot_pixels=0)
    events = background_events(np.random.default_rng(3), state, 500.0)
    assert not state.dead[events.isgri_z, events.isgri_y].any()
    noisy = state.noisy[events.isgri_z, events.isgri_y]
    good = events.energy_kev[~noisy]
    for low, high, rate in BAND_RATES:
        expected = rate * 500.0
        assert in_band(good, low, high) == pytest.approx(expected, abs=5 * expected**0.5)
    unknown = UNRECONSTRUCTED_RATE * 500.0
    assert (good == 0).sum() == pytest.approx(unknown, abs=5 * unknown**0.5)
    share = (good.size / 500.0) * state.noisy.mean() / (1 - state.noisy.mean() - state.dead.mean())
    assert noisy.sum() / 500.0 == pytest.approx(share + NOISE_RATE, rel=0.03)
    assert noisy.mean() == pytest.approx(0.048, abs=0.006)


def test_background_has_the_tungsten_line() -> None:
    energy = draw_energies(np.random.default_rng(4), 2_000_000)
    line, below, above = (in_band(energy, low, low + 3.0) for low in (57.8, 51.8, 62.8))
    assert line > 1.1 * max(below, above)


def test_a_burst_comes_when_it_should() -> None:
    burst = Burst(start_s=40.0, duration_s=0.5, mcrab_20_40=200_000.0)
    times = trace(SkySource("SGR", *CRAB, 0.0, bursts=(burst,))).time_s
    assert times.min() >= 40.0
    assert times.max() < 40.5
    steady = trace(SkySource("SGR", *CRAB, 200_000.0), span_s=0.5).time_s.size
    assert times.size == pytest.approx(steady, abs=7 * steady**0.5)


def test_pulsation_has_its_period_and_fraction_and_keeps_the_mean() -> None:
    pulsation = Pulsation(period_s=2.5, pulsed_fraction=0.4, phase=0.25)
    times = trace(SkySource("pulsar", *CRAB, 5000.0, pulsation=pulsation)).time_s
    steady = trace(SkySource("pulsar", *CRAB, 5000.0), seed=1).time_s.size
    assert times.size == pytest.approx(steady, abs=7 * steady**0.5)
    wave = 2 * np.mean(np.exp(-2j * np.pi * times / 2.5))
    assert abs(wave) == pytest.approx(0.4, abs=5 * (2 / times.size) ** 0.5)
    assert np.angle(wave) == pytest.approx(0.0, abs=0.1)  # sine with a quarter turn: a cosine


@pytest.mark.parametrize(
    "wrong",
    [
        {"mcrab_20_40": -1.0},
        {"mcrab_20_40": 10.0, "mcrab_40_80": 0.0},
        {"mcrab_20_40": 10.0, "mcrab_40_80": 5.0, "photon_index": 2.0},
        {"mcrab_20_40": 0.0, "mcrab_40_80": 5.0},
    ],
)
def test_impossible_sources_are_refused(wrong: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="x: "):
        SkySource("x", 0.0, 0.0, **wrong)


def test_a_hardness_of_no_power_law_is_refused() -> None:
    with pytest.raises(ValueError, match="no power law"):
        source_spectrum(SkySource("x", 0.0, 0.0, 1.0, 1e6))
