"""The part of the result on arrival times: light travel to the geocentre, delay and annulus with another spacecraft."""

from dataclasses import dataclass
from typing import Any

import numpy as np

from science.bursts.arrival import LIGHT_KM_S, annulus, delay_at_geocentre, delay_between
from science.bursts.curve import Curve, Floats
from science.bursts.duration import Burst
from science.bursts.instants import utc_of_seconds
from science.bursts.noise import Noise
from services.spiacs.analysis.merge import Merged
from services.spiacs.analysis.partner_curve import PartnerCurve
from services.spiacs.analysis.request import Request

LOW_ORBIT_S = 6800.0 / LIGHT_KM_S
"""Light time from the geocentre to a low orbit, where a craft of unknown place is taken to be."""

_BESIDE_S = 2.0  # of background on both sides of the burst, at least


@dataclass(frozen=True)
class Leading:
    """What arrival times are taken from.

    Args:
        burst: the leading one of the search; None where there is none.
        noise: of the count rate, per time scale.
        other: light curve of the partner; None where the request gives the delay, or no partner.
        time_s: what counts where there is no burst, seconds (TT) since MJD 51544.
    """

    burst: Burst | None
    noise: Noise
    other: PartnerCurve | None
    time_s: float


def timing_report(merged: Merged, request: Request, leading: Leading) -> dict[str, Any] | None:
    """Say where the spacecraft was, how late light can be at the geocentre, and the annulus with a partner.

    Returns:
        None where the archive has no orbit.
    """
    if not merged.orbit.time_s.size:
        return None
    time_s = leading.time_s if leading.burst is None else leading.burst.peak_s
    place = merged.position_km(time_s)
    report: dict[str, Any] = {
        "at_utc": utc_of_seconds(time_s),
        "position_km": place,
        "light_time_to_geocentre_s": float(np.linalg.norm(place)) / LIGHT_KM_S,
        "geocentre_delay_s": None,
        "delay": None,
        "annulus": None,
    }
    if request.position is not None:
        report["geocentre_delay_s"] = delay_at_geocentre(place, *request.position)
    try:
        measured = _measured(merged, request, leading, place)
        if measured is not None:
            report["delay"] = measured[1]
            report["annulus"] = _ring(place, *measured[0])
    except ValueError as error:  # a delay beyond the baseline too
        report["annulus"] = {"refused": str(error)}
    return report


def _ring(place: Floats, craft: Floats, delay_s: float, error_s: float) -> dict[str, float]:
    ring = annulus(place, craft, delay_s, error_s)
    return {
        "ra": ring.ra,
        "dec": ring.dec,
        "radius_deg": ring.radius,
        "half_width_deg": ring.half_width,
        "baseline_s": ring.baseline_s,
    }


def _measured(
    merged: Merged, request: Request, leading: Leading, place: Floats
) -> tuple[tuple[Floats, float, float], dict[str, Any]] | None:
    """Return position of the partner, delay and error, and how they are told; None without a partner.

    Raises:
        ValueError: says why there is no delay.
    """
    partner, burst, other = request.partner, leading.burst, leading.other
    if other is None:
        if partner is None or partner.delay_s is None:
            return None
        given = {"seconds": partner.delay_s, "error": partner.error_s, "from": "the request"}
        return (partner.position_km, partner.delay_s, partner.error_s), given
    if burst is None:
        raise ValueError("no burst was measured, so that there is nothing to compare with the other light curve")
    covered = other.curve.start_s, other.curve.time_s(other.curve.counts.size)
    if not covered[0] < burst.begin_s < burst.end_s < covered[1]:
        when = " to ".join(utc_of_seconds(edge) for edge in covered)
        text = f"the light curve of {other.name} covers {when} UTC, the burst is at {utc_of_seconds(burst.peak_s)} UTC"
        raise ValueError(f"{text}: check MJDREF, TIMESYS, TIMEZERO and the units of its header")
    where, orbit_s = (np.zeros(3), LOW_ORBIT_S) if partner is None else (partner.position_km, 0.0)
    longest_s = float(np.linalg.norm(where - place)) / LIGHT_KM_S + orbit_s
    first, second = _in_common_bins(merged, burst, other)
    delay_s, noise_s = delay_between(
        first,
        second.curve,
        longest_s + 3 * request.clock_error_s,
        ratio=float(leading.noise.at(round(first.bin_s / merged.curve.bin_s))),
        second_variance=second.variance,
    )
    if not np.isfinite(noise_s):
        raise ValueError("the two light curves have no common feature: chi2 has no minimum between the longest delays")
    # A place somewhere on a sphere: its projection on any direction scatters by the radius over the root of 3.
    error_s = float(np.sqrt(noise_s**2 + request.clock_error_s**2 + orbit_s**2 / 3))
    told = {
        "seconds": delay_s,
        "error": error_s,
        "from": f"light curve of {other.name}",
        "bin_s": first.bin_s,
        "error_of_comparison": noise_s,
        "error_of_clocks": request.clock_error_s,
        "error_of_unknown_orbit": orbit_s / np.sqrt(3),
    }
    return (where, delay_s, error_s), told


def _in_common_bins(merged: Merged, burst: Burst, other: PartnerCurve) -> tuple[Curve, PartnerCurve]:
    """Return the burst and the other light curve in bins of one length, in which the burst shows clearly.

    Raises:
        ValueError: the bins have no common multiple that is shorter than the burst.
    """
    step, own = merged.curve.bin_s, other.curve.bin_s
    # The peak stands out by 10 sigma in bins of its own length, so by 5 in a quarter of it: in shorter ones chi2 is
    # noise, and its trough tells too small an error.
    wanted = max(step, own, burst.peak_bin_s / 4)
    longest = max(burst.end_s - burst.begin_s, 4 * wanted)
    for factor in range(round(wanted / own) or 1, int(longest / own) + 2):
        joined = factor * own
        times = joined / step
        if times > 0.99 and abs(times - round(times)) * step < 1e-6 * joined:
            break
    else:
        text = f"the other light curve has bins of {own:g} s, of which no multiple is one of {step:g} s"
        raise ValueError(text)
    beside = max(_BESIDE_S, 0.5 * (burst.end_s - burst.begin_s))
    near = merged.curve.cut(burst.begin_s - beside, burst.end_s + beside)
    first, exposed = near.rebin(round(times))
    return Curve(first.start_s, first.bin_s, first.counts, exposed > 1 - 1e-9), other.rebin(factor)
