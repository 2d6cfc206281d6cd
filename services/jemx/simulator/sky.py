"""The sources of the sky that the simulated telescope looks at."""

from dataclasses import dataclass


@dataclass(frozen=True)
class SkySource:
    """One point source with a power law of photons.

    Args:
        name: for the reader; it is not written to the event file.
        ra: right ascension, J2000 [deg].
        dec: declination [deg].
        mcrab: counts in 3-35 keV in thousandths of the Crab's.
        photon_index: index of the power law.
        pulse_period_s: period of a sinusoidal modulation with phase zero at the start of the window; 0 without.
        pulsed_fraction: amplitude of the modulation, 0 to 1.

    Raises:
        ValueError: negative flux or a modulation that is none.
    """

    name: str
    ra: float
    dec: float
    mcrab: float
    photon_index: float = 2.1
    pulse_period_s: float = 0.0
    pulsed_fraction: float = 0.0

    def __post_init__(self) -> None:
        if self.mcrab < 0:
            raise ValueError(f"{self.name}: the flux must not be negative")
        if self.pulse_period_s < 0 or not 0 <= self.pulsed_fraction <= 1:
            raise ValueError(f"{self.name}: a pulsation needs a period from 0 and a fraction between 0 and 1")
