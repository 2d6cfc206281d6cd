"""The events of a burst and those beside it: what is compared, and the spectra of both as counts."""

from dataclasses import dataclass

import numpy as np
from astropy.io import fits

from mesh.kit.ogip.observation import Observation
from mesh.kit.ogip.spectrum import counts_hdu
from science.bursts.curve import Flags
from science.bursts.duration import Burst
from science.bursts.instants import DAY_S, utc_of_seconds
from services.polar.analysis.events import RESPONSE, Events, Responses
from services.polar.analysis.merge import Merged
from services.polar.analysis.response import read_response

BACKGROUND_FILE = "polar_background.pha"
RESPONSE_FILE = "polar_response.rsp"
_CHANNELS_KEV = np.linspace(0.0, 757.5, 151)  # those of the responses that were published


@dataclass(frozen=True)
class OnOff:
    """Events in the time of a burst and beside it.

    Args:
        on: events of the time that the counts of the burst are summed over.
        off: events of the times that its background was fitted to.
        on_s: live seconds of the burst, dead time taken off.
        off_s: those beside it.
        share: background expected in the time of the burst over what was counted beside it; with a background that
            drifts not the same as that of the live seconds.
    """

    on: Events
    off: Events
    on_s: float
    off_s: float
    share: float


def on_and_off(merged: Merged, burst: Burst) -> OnOff:
    """Return the events of a burst and beside it."""
    curve = burst.curve
    edges = curve.start_s + curve.edges
    inside = (edges[:-1] >= burst.summed_from_s - 1e-6) & (edges[1:] <= burst.summed_to_s + 1e-6) & curve.live
    expected = np.maximum(burst.background.counts, 0.0) * curve.share
    place = np.searchsorted(edges, merged.events.time_s, side="right") - 1
    seen = (place >= 0) & (place < curve.counts.size)

    def events_of(bins: Flags) -> Events:
        flags = np.zeros(place.size, dtype=bool)
        flags[seen] = bins[place[seen]]
        return merged.events.chosen(flags)

    return OnOff(
        on=events_of(inside),
        off=events_of(burst.quiet),
        on_s=float(curve.share[inside].sum()) * curve.bin_s,
        off_s=float(curve.share[burst.quiet].sum()) * curve.bin_s,
        share=float(expected[inside].sum() / max(float(expected[burst.quiet].sum()), 1e-12)),
    )


def spectra(burst: Burst, events: OnOff, response: Responses) -> tuple[fits.BinTableHDU, fits.BinTableHDU]:
    """Return the spectrum of the time of a burst, background included, and that of its background, as counts.

    Both are counts of single photons: a fit compares them with the statistic of Poisson (W in XSPEC's words).

    Args:
        burst: that they are of.
        events: of it.
        response: spectral, which tells the channels; may be empty.
    """
    edges, first = _CHANNELS_KEV, 1
    if response:
        read = read_response(response)
        edges, first = np.append(read.channel_kev[:, 0], read.channel_kev[-1, 1]), read.first_channel
    name = RESPONSE_FILE if response else ""
    counts, below = (np.histogram(part.energy_kev, edges)[0] for part in (events.on, events.off))
    spectrum = counts_hdu(
        counts,
        exposure_s=events.on_s,
        observation=_observation(burst.summed_from_s, burst.summed_to_s),
        first_channel=first,
        response=name,
        background=BACKGROUND_FILE,
    )
    curve = burst.curve
    background = counts_hdu(
        below,
        exposure_s=events.off_s,
        observation=_observation(curve.start_s, curve.time_s(curve.counts.size)),
        first_channel=first,
        response=name,
        is_background=True,
        scale=events.on_s / events.off_s / events.share,
    )
    return spectrum, background


def spectral(responses: Responses) -> Responses:
    """Return the extensions of the spectral response."""
    return tuple(hdu for hdu in responses if hdu.name in RESPONSE)


def _observation(begin_s: float, end_s: float) -> Observation:
    cards = (
        ("UTC-OBS", utc_of_seconds(begin_s), "start, UTC"),
        ("UTC-END", utc_of_seconds(end_s), "end, UTC"),
    )
    return Observation("POLAR", begin_s / DAY_S, end_s / DAY_S, telescope="Tiangong-2", extra=cards)
