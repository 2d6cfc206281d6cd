"""False alarms of SPI-ACS as the real-time follow-up of gravitational waves publishes them.

The rate has two parts, Gaussian noise and cosmic-ray spikes (60 a day at S/N 6 up to 0.1 s, falling with the scale and
with S/N^-2.7); a search over scales of 0.1 to 30 s costs a factor 1 + ln(300). The formula reproduces the numbers that
were printed for real events to six digits. It takes one spike rate for all days; the rate measured beside the trigger
is in ``bursts.search``.
"""

import math

from scipy.stats import norm

from science.bursts.instants import DAY_S

_SPIKES = 60.0 / DAY_S
_SPIKE_SNR, _SPIKE_SLOPE, _SPIKE_SCALE_S, _FLAT_BELOW = 6.0, 2.7, 0.1, 2.0
SCALES = 1 + math.log(30 / 0.1)
"""Price of the search over scales."""

NOT_ASSOCIATED = 0.05
"""Probability from which an excess is likely background."""

_WORDS = ((0.003, "likely associated"), (0.01, "tentatively associated"), (NOT_ASSOCIATED, "possibly associated"))

_STABILITY = ((1.2, "very stable"), (1.5, "rather stable"), (2.0, "somewhat unstable"))


def published_far(snr: float, scale_s: float) -> float:
    """Return the rate of chance excesses at least as high on a scale, 1/s."""
    spikes = _SPIKES * (max(snr, _FLAT_BELOW) / _SPIKE_SNR) ** -_SPIKE_SLOPE
    return float(norm.sf(snr) / scale_s + spikes / max(1.0, scale_s / _SPIKE_SCALE_S))


def published_fap(snr: float, delay_s: float, scale_s: float) -> float:
    """Return the expected number of chance excesses as near to the trigger; may exceed 1, as published.

    Args:
        snr: score of the excess.
        delay_s: its time after the trigger, s.
        scale_s: its length, s.
    """
    return float(2 * published_far(snr, scale_s) * max(abs(delay_s), scale_s) * SCALES)


def association(fap: float) -> str:
    """Say in the words of the circulars what a measured false-alarm probability means."""
    return next((word for limit, word in _WORDS if fap < limit), "likely background")


def stability(ratio: float) -> str:
    """Say in the words of the circulars how stable a background is, from the ratio of its noise to Poisson noise."""
    return next((word for limit, word in _STABILITY if ratio < limit), "very unstable")
