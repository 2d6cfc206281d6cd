"""The sources of the sky that the simulated telescope looks at."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Burst:
    """Extra constant flux of a source for a short time.

    Args:
        start_s: start after the beginning of the window [s].
        duration_s: length [s].
        mcrab_20_40: flux added during the burst [mCrab, 20-40 keV], with the spectrum of the source.
    """

    start_s: float
    duration_s: float
    mcrab_20_40: float


@dataclass(frozen=True)
class Pulsation:
    """Sinusoidal modulation of the persistent flux: 1 + pulsed_fraction sin(2 pi (t / period_s + phase)).

    The phase is zero at the start of the window plus `phase` turns; no barycentric correction.

    Raises:
        ValueError: the period is not positive or the pulsed fraction is outside 0..1.
    """

    period_s: float
    pulsed_fraction: float
    phase: float = 0.0

    def __post_init__(self) -> None:
        if self.period_s <= 0 or not 0 <= self.pulsed_fraction <= 1:
            raise ValueError("a pulsation needs a positive period and a pulsed fraction between 0 and 1")


@dataclass(frozen=True)
class SkySource:
    """One point source.

    The spectrum is a power law of photons. Its index is `photon_index`; without it the index follows from the two
    band fluxes, and without those it is the Crab's (2.1).

    Args:
        name: for the reader; it is not written to the event file.
        ra, dec: J2000 [deg].
        mcrab_20_40: flux in 20-40 keV in thousandths of the Crab rate in that band.
        mcrab_40_80: flux in 40-80 keV likewise, or None.
        photon_index: index of the power law, or None.
        bursts: short additions of flux.
        pulsation: periodic modulation of the persistent flux.

    Raises:
        ValueError: negative flux, or both `mcrab_40_80` and `photon_index` given.
    """

    name: str
    ra: float
    dec: float
    mcrab_20_40: float
    mcrab_40_80: float | None = None
    photon_index: float | None = None
    bursts: tuple[Burst, ...] = ()
    pulsation: Pulsation | None = None

    def __post_init__(self) -> None:
        if self.mcrab_20_40 < 0 or (self.mcrab_40_80 is not None and self.mcrab_40_80 <= 0):
            raise ValueError(f"{self.name}: fluxes must be positive")
        if self.mcrab_40_80 is not None and self.photon_index is not None:
            raise ValueError(f"{self.name}: give either mcrab_40_80 or photon_index; one fixes the other")
        if self.mcrab_40_80 is not None and self.mcrab_20_40 == 0:
            raise ValueError(f"{self.name}: mcrab_40_80 needs a flux in 20-40 keV to fix the spectral index")
