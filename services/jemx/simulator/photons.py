"""Events before telemetry: photons of sources traced through mask and collimator, and background."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mesh.testing.archive.pointing import Pointing
from services.jemx.simulator import spectra
from services.jemx.simulator.attitude import slopes
from services.jemx.simulator.detector import OPEN_SHARE, RADIUS_MM, collimator
from services.jemx.simulator.mask import passes
from services.jemx.simulator.sky import SkySource

_MARGIN_MM = 3.0
"""Photons that land just outside the window can be measured inside."""
BACKGROUND_RATE = 30.0
"""Recorded counts/s of the whole detector, all channels."""


@dataclass(frozen=True)
class Events:
    """Events in any order; all arrays have shape (N,). Places in mm from the centre, energies as measured [keV]."""

    time_s: NDArray[np.float64]
    y_mm: NDArray[np.float64]
    z_mm: NDArray[np.float64]
    energy_kev: NDArray[np.float64]


def concatenate(parts: Sequence[Events]) -> Events:
    """All events of several sets."""
    return Events(*(np.concatenate([getattr(p, name) for p in parts]) for name in Events.__dataclass_fields__))


def traced(
    rng: np.random.Generator, tangents: tuple[float, float], photons: int, energy_kev: NDArray[np.float64]
) -> tuple[NDArray[np.float64], NDArray[np.float64], NDArray[np.bool_]]:
    """Send photons of one direction onto the detector.

    Args:
        rng: source of random numbers.
        tangents: (y/x, z/x) of the direction.
        photons: number that would arrive at the window and its margin without mask and collimator.
        energy_kev: true energies, one for each photon.

    Returns:
        measured places y, z [mm] and whether each photon is seen.
    """
    radius = (RADIUS_MM + _MARGIN_MM) * np.sqrt(rng.random(photons))
    angle = 2.0 * np.pi * rng.random(photons)
    y, z = radius * np.cos(angle), radius * np.sin(angle)
    seen = passes(y, z, *tangents) & (rng.random(photons) < collimator(*tangents))
    blur = spectra.position_sigma_mm(energy_kev)
    y, z = y + blur * rng.standard_normal(photons), z + blur * rng.standard_normal(photons)
    return y, z, seen & (np.hypot(y, z) < RADIUS_MM)


def source_events(
    rng: np.random.Generator, source: SkySource, unit: int, pointing: Pointing, *, span_s: float, live_fraction: float
) -> Events:
    """Trace the photons of one source to the events recorded.

    Args:
        rng: source of random numbers.
        source: position, flux, spectrum.
        unit: 1 or 2.
        pointing: attitude of the spacecraft.
        span_s: length of the window [s].
        live_fraction: fraction of photons that dead time lets through.
    """
    tangents = slopes(unit, pointing, source.ra, source.dec)
    if tangents is None or collimator(*tangents) <= 0.0:
        return Events(*np.zeros((4, 0)))
    margin = (1.0 + _MARGIN_MM / RADIUS_MM) ** 2
    rate = spectra.beam_rate(source.mcrab, source.photon_index) / OPEN_SHARE * margin * live_fraction
    time_s = _times(rng, source, rate, span_s)
    energy = spectra.draw_source(rng, source.photon_index, time_s.size)
    y, z, seen = traced(rng, tangents, time_s.size, energy)
    return Events(time_s[seen], y[seen], z[seen], spectra.measured(rng, energy[seen]))


def background_events(rng: np.random.Generator, span_s: float, rate: float = BACKGROUND_RATE) -> Events:
    """Background: 4 % stronger at the rim than in the middle, at the recorded rate."""
    count = rng.poisson(rate * span_s)
    radius = RADIUS_MM * np.sqrt(rng.random(2 * count + 100))
    kept = radius[rng.random(radius.size) * 1.04 < 1.0 + 0.04 * (radius / RADIUS_MM) ** 2][:count]
    angle = 2.0 * np.pi * rng.random(kept.size)
    energy = spectra.draw_background(rng, kept.size)
    return Events(span_s * rng.random(kept.size), kept * np.cos(angle), kept * np.sin(angle), energy)


def _times(rng: np.random.Generator, source: SkySource, rate: float, span_s: float) -> NDArray[np.float64]:
    """Arrival times, modulated where the source pulses [s]."""
    peak = 1.0 + (source.pulsed_fraction if source.pulse_period_s else 0.0)
    times = span_s * rng.random(rng.poisson(rate * span_s * peak))
    if not source.pulse_period_s:
        return times
    phase = 2.0 * np.pi * times / source.pulse_period_s
    return times[rng.random(times.size) * peak < 1.0 + source.pulsed_fraction * np.sin(phase)]
