"""Events before telemetry: photons of sources traced through the mask, background, and noise of bad pixels."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mesh.testing.archive.pointing import Pointing
from services.isgri.simulator import background
from services.isgri.simulator.attitude import slopes
from services.isgri.simulator.detector import (
    COLUMNS,
    MODULE_Y,
    MODULE_Z,
    PITCH_MM,
    PIXELS,
    ROWS,
    SENSITIVE_MM,
    DetectorState,
    struck_pixels,
)
from services.isgri.simulator.mask import CELL_MM, THICKNESS_MM, defect_transmission, passes
from services.isgri.simulator.sky import SkySource
from services.isgri.simulator.spectra import source_spectrum

_NOISE_KEV = 6.0
_WIDTH_MM, _DEPTH_MM = COLUMNS * PITCH_MM, ROWS * PITCH_MM
# Photons fall on the whole rectangle, gaps and dead frames of the pixels included.
_BEAM_PER_SENSITIVE = _WIDTH_MM * _DEPTH_MM / (PIXELS * PIXELS * SENSITIVE_MM**2)


@dataclass(frozen=True)
class Events:
    """Events in any order; all arrays have shape (N,).

    Args:
        time_s: time after the start of the window [s].
        isgri_y, isgri_z: pixel, 0-127.
        energy_kev: measured energy; 0 where the electronics could not tell.
    """

    time_s: NDArray[np.float64]
    isgri_y: NDArray[np.intp]
    isgri_z: NDArray[np.intp]
    energy_kev: NDArray[np.float64]

    def where(self, keep: NDArray[np.bool_]) -> "Events":
        """Select the events for which `keep` is true."""
        return Events(self.time_s[keep], self.isgri_y[keep], self.isgri_z[keep], self.energy_kev[keep])


def concatenate(parts: Sequence[Events]) -> Events:
    """All events of several sets."""
    return Events(
        np.concatenate([p.time_s for p in parts]),
        np.concatenate([p.isgri_y for p in parts]),
        np.concatenate([p.isgri_z for p in parts]),
        np.concatenate([p.energy_kev for p in parts]),
    )


def source_events(
    rng: np.random.Generator,
    source: SkySource,
    pointing: Pointing,
    *,
    span_s: float,
    live_fraction: float,
    mask_transmission: NDArray[np.float64] | None = None,
) -> Events:
    """Trace the photons of one source through the mask to the events recorded.

    Args:
        rng: source of random numbers.
        source: position, flux, spectrum, bursts, pulsation.
        pointing: attitude of the spacecraft.
        span_s: length of the window [s].
        live_fraction: fraction of photons that dead time lets through.
        mask_transmission: of each mask cell, shape (95, 95), where the mask has defects.
    """
    tangents = slopes(pointing, source.ra, source.dec)
    if tangents is None or max(map(abs, tangents)) * THICKNESS_MM >= CELL_MM:
        return _none()  # far outside the coded field: the shield is opaque
    spectrum = source_spectrum(source)
    beam_per_mcrab = spectrum.total / 1000.0 * live_fraction * _BEAM_PER_SENSITIVE
    times = [_persistent_times(rng, source, beam_per_mcrab, span_s)]
    for burst in source.bursts:
        number = rng.poisson(burst.mcrab_20_40 * beam_per_mcrab * burst.duration_s)
        times.append(burst.start_s + burst.duration_s * rng.random(number))
    time_s = np.concatenate(times)
    time_s = time_s[(time_s >= 0) & (time_s < span_s)]
    y_mm = _WIDTH_MM * (rng.random(time_s.size) - 0.5)
    z_mm = _DEPTH_MM * (rng.random(time_s.size) - 0.5)
    isgri_y, isgri_z, sensitive = struck_pixels(y_mm, z_mm)
    seen = sensitive
    seen[sensitive] = passes(y_mm[sensitive], z_mm[sensitive], *tangents)
    if mask_transmission is not None:
        chance = defect_transmission(mask_transmission, y_mm[seen], z_mm[seen], *tangents)
        seen[seen] = rng.random(chance.size) < chance
    return Events(time_s[seen], isgri_y[seen], isgri_z[seen], spectrum.draw(rng, int(seen.sum())))


def background_events(rng: np.random.Generator, state: DetectorState, span_s: float, *, missed: float = 0.0) -> Events:
    """Background at the recorded rates for the good pixels, with events of unknown energy and noise of bad pixels.

    Args:
        rng: source of random numbers.
        state: dead and noisy pixels and the level of each pixel.
        span_s: length of the window [s].
        missed: share of the arriving events that the modules will miss; as many more arrive.
    """
    level = np.where(state.dead, 0.0, state.background).ravel()
    good = level[~state.noisy.ravel()].sum()
    arriving_s = span_s / (1.0 - missed)
    noise = np.where(state.noisy & ~state.dead, 1.0, 0.0).ravel()
    known = rng.poisson(background.band_total() * arriving_s * level / good)
    unknown = rng.poisson(background.UNRECONSTRUCTED_RATE * arriving_s * level / good)
    noisy = rng.poisson(background.NOISE_RATE * arriving_s * noise / max(noise.sum(), 1.0))
    parts = []
    for number, energies in (
        (known, background.draw_energies(rng, int(known.sum()))),
        (unknown, np.zeros(int(unknown.sum()))),
        (noisy, 12.0 + rng.exponential(_NOISE_KEV, int(noisy.sum()))),  # electronic noise sits at the low threshold
    ):
        isgri_z, isgri_y = np.divmod(np.repeat(np.arange(PIXELS * PIXELS), number), PIXELS)
        parts.append(Events(span_s * rng.random(energies.size), isgri_y, isgri_z, energies))
    return concatenate(parts)


def noise_events(rng: np.random.Generator, module_rates: Sequence[float], span_s: float) -> Events:
    """Electronic noise that a module makes in all of its pixels, at the low threshold.

    Args:
        rng: source of random numbers.
        module_rates: events/s of each of the eight modules.
        span_s: length of the window [s].
    """
    parts = []
    for module, rate in enumerate(module_rates):
        count = rng.poisson(rate * span_s)
        isgri_y = module % 2 * MODULE_Y + rng.integers(0, MODULE_Y, count)
        isgri_z = module // 2 * MODULE_Z + rng.integers(0, MODULE_Z, count)
        parts.append(Events(span_s * rng.random(count), isgri_y, isgri_z, 12.0 + rng.exponential(_NOISE_KEV, count)))
    return concatenate(parts)


def _persistent_times(
    rng: np.random.Generator, source: SkySource, beam_per_mcrab: float, span_s: float
) -> NDArray[np.float64]:
    """Arrival times of the persistent photons of the beam, modulated by the pulsation [s]."""
    pulsation = source.pulsation
    peak = 1.0 + (pulsation.pulsed_fraction if pulsation else 0.0)
    times = span_s * rng.random(rng.poisson(source.mcrab_20_40 * beam_per_mcrab * span_s * peak))
    if pulsation is None:
        return times
    turn = 2.0 * np.pi * (times / pulsation.period_s + pulsation.phase)
    return times[rng.random(times.size) * peak < 1.0 + pulsation.pulsed_fraction * np.sin(turn)]


def _none() -> Events:
    """No events."""
    pixels = np.zeros(0, dtype=np.intp)
    return Events(np.zeros(0), pixels, pixels, np.zeros(0))
