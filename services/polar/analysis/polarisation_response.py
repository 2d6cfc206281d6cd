"""Reads a polarisation response (.prsp): where light of each energy and direction of polarisation is scattered to.

The layout is that of the published software: ``INEBOUNDS`` (ENERG_LO, ENERG_HI), ``INPAVALS`` (PA_IN, deg),
``SABOUNDS`` (SA_MIN, SA_MAX, deg), and the images ``SPECRESP POLMATRIX`` (scattering angle, direction, energy) and
``SPECRESP UNPOLMATRIX`` (scattering angle, energy) in cm2; EMIN and EMAX say which deposited energies they are for.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from mesh.kit import BadInput
from science.bursts.curve import Floats

POLARISATION = ("INEBOUNDS", "INPAVALS", "SABOUNDS", "SPECRESP POLMATRIX", "SPECRESP UNPOLMATRIX")
_DEGREES = 360
# Band functions: alpha, beta, peak [keV] of the average burst, and of one as soft and as hard as few are.
_AVERAGE = (-1.0, -2.5, 300.0)
_SOFT, _HARD = (-1.4, -2.8, 120.0), (-0.6, -2.2, 700.0)


@dataclass(frozen=True)
class Modulation:
    """What a response says of the scattering angles of a burst.

    Args:
        amplitude: mu, that of light polarised to 100 %, after division by *flat*.
        turn_deg: what the directions of a burst turn out too large by: the response tells the frame of its directions.
        flat: answer to unpolarised light per degree of scattering angle, mean 1, shape (360,).
        band_kev: deposited energies that it holds for; None where the response does not say it.
        between: amplitudes for a soft and for a hard burst, the lower first; None where they are not known.
    """

    amplitude: float
    turn_deg: float
    flat: Floats
    band_kev: tuple[float, float] | None
    between: tuple[float, float] | None = None

    @property
    def error(self) -> float:
        """1 sigma of the amplitude because the spectrum is not known: half of what soft and hard bursts differ by."""
        return 0.0 if self.between is None else 0.5 * (self.between[1] - self.between[0])


def read_modulation(hdus: Sequence[Any]) -> Modulation:
    """Return the modulation of a burst of average spectrum, and between which values it lies for soft and hard ones.

    Raises:
        BadInput: reason ``BadResponse``.
    """
    named = {hdu.name: hdu for hdu in hdus}
    try:
        bounds, bins = named["INEBOUNDS"].data, named["SABOUNDS"].data
        energy = np.column_stack([bounds[name] for name in ("ENERG_LO", "ENERG_HI")]).astype(np.float64)
        angle = np.column_stack([bins[name] for name in ("SA_MIN", "SA_MAX")]).astype(np.float64)
        direction = np.asarray(named["INPAVALS"].data["PA_IN"], dtype=np.float64)
        polarised = np.asarray(named["SPECRESP POLMATRIX"].data, dtype=np.float64)
        even = np.asarray(named["SPECRESP UNPOLMATRIX"].data, dtype=np.float64)
        header = named["SPECRESP POLMATRIX"].header
        band = (float(header["EMIN"]), float(header["EMAX"])) if "EMIN" in header and "EMAX" in header else None
    except (KeyError, ValueError, TypeError) as error:
        raise BadInput("BadResponse", f"the polarisation response cannot be read: {error}") from error
    shape = (len(angle), len(direction), len(energy))
    if polarised.shape != shape or even.shape != (shape[0], shape[2]):
        text = f"the polarisation response has images of {polarised.shape} and {even.shape}; its tables ask for {shape}"
        raise BadInput("BadResponse", text)
    average, *others = (
        _modulation(polarised @ photons, even @ photons, angle, np.radians(direction), band)
        for photons in (_photons(energy, *spectrum) for spectrum in (_AVERAGE, _SOFT, _HARD))
    )
    values = [average.amplitude, *(one.amplitude for one in others)]
    return replace(average, between=(min(values), max(values)))


def _modulation(
    polarised: Floats, even: Floats, angle: Floats, direction: Floats, band: tuple[float, float] | None
) -> Modulation:
    """Return the modulation from counts per bin of scattering angle, shape (bins, directions) and (bins,)."""
    width = angle[:, 1] - angle[:, 0]
    if width.min() <= 0 or abs(width.sum() - _DEGREES) > 1e-3 or even.min() <= 0 or not np.isfinite(polarised).all():
        raise BadInput(
            "BadResponse", "the polarisation response must cover 0 to 360 deg of scattering with areas above 0"
        )
    middle, half = np.radians(angle.mean(axis=1)), np.radians(width)
    # Divided by the even answer, in the share of light that each bin has, as events are weighted.
    seen = polarised / even[:, None] * width[:, None]
    # A bin blurs the second harmonic by the sine of its width over its width.
    wave = np.exp(2j * middle) * half / np.sin(half)
    harmonic = 2 * (wave[:, None] * seen).sum(axis=0) / seen.sum(axis=0)
    mean = -(harmonic * np.exp(-2j * direction)).mean()
    order = np.argsort(angle[:, 0])
    density = (even / width)[order]
    place = np.searchsorted(angle[order, 0], np.arange(_DEGREES) + 0.5, side="right") - 1
    flat = density[np.clip(place, 0, len(density) - 1)]
    if not 0 < abs(mean) <= 1:
        raise BadInput(
            "BadResponse", f"polarised light is modulated by {abs(mean):.3g}; it must be above 0 and at most 1"
        )
    turn = float(np.degrees(np.angle(mean)) / 2)
    return Modulation(float(abs(mean)), turn, np.asarray(flat / flat.mean(), dtype=np.float64), band)


def _photons(energy_kev: Floats, alpha: float, beta: float, peak_kev: float) -> Floats:
    """Return photons per bin of a burst, any scale (Band et al. 1993, ApJ 413, 281)."""
    middle = np.sqrt(np.maximum(energy_kev[:, 0], 1.0) * energy_kev[:, 1])
    fold = peak_kev / (2 + alpha)
    knee = (alpha - beta) * fold
    low = (middle / 100) ** alpha * np.exp(-middle / fold)
    high = (knee / 100) ** (alpha - beta) * np.exp(beta - alpha) * (middle / 100) ** beta
    return np.asarray(np.where(middle < knee, low, high) * (energy_kev[:, 1] - energy_kev[:, 0]), dtype=np.float64)
