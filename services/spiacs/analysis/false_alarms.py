"""How often chance does as well as an excess near a trigger, measured beside the window that is searched.

Only the measured probability is put into words, and only it ranks: noise and spikes differ from day to day. The
published formula stands beside it for comparison with circulars. Both count that a window has many excesses, of which
the first of the list was chosen (`measured_fap`).
"""

from collections.abc import Sequence
from dataclasses import dataclass

from science.bursts.search import Excess, Search, measured_fap, measured_rate
from services.spiacs.analysis.significance import SCALES, published_fap, published_far

LISTED_FROM = 3.0
"""Score from which a targeted search lists excesses."""

_SHORTEST_S = 0.05


@dataclass(frozen=True)
class FalseAlarm:
    """How often chance gives an excess at least as high.

    Args:
        far_published: 1/s on its time scale, by the published formula.
        number_published: expected number of those as near to the trigger, by that formula as circulars print it.
        fap_published: probability that chance gives any excess of the window as small a number.
        far_measured: 1/s on all time scales, from the time beside the window; None where there is too little.
        fap_measured: probability that chance gives any excess of the window as rare and as near.
    """

    far_published: float
    number_published: float
    fap_published: float
    far_measured: float | None
    fap_measured: float | None

    @property
    def rank(self) -> float:
        """What excesses are sorted by: the measured probability, else the published one."""
        return self.fap_published if self.fap_measured is None else self.fap_measured


@dataclass(frozen=True)
class Window:
    """The window of a targeted search.

    Args:
        begin_s: its start, seconds (TT) since MJD 51544.
        end_s: its end.
        t0_s: the trigger.
    """

    begin_s: float
    end_s: float
    t0_s: float

    @property
    def length_s(self) -> float:
        """Its length, s."""
        return self.end_s - self.begin_s


def false_alarms(found: Search, window: Window, excesses: Sequence[Excess]) -> list[FalseAlarm]:
    """Return how often chance does as well as each of some excesses.

    Args:
        found: search of the window and the time beside it, with a threshold of `LISTED_FROM` at most.
        window: that is looked at.
        excesses: in it.
    """
    curve = found.curve
    apart = ((window.begin_s - curve.start_s) / curve.bin_s, (window.end_s - curve.start_s) / curve.bin_s)
    most, live_s = measured_rate(found, LISTED_FROM, apart)
    measurable = live_s > window.length_s
    # The most excesses that the formula lets a window have: at the threshold of the list and on the shortest scale.
    most_published = published_far(LISTED_FROM, _SHORTEST_S) * SCALES * window.length_s
    told = []
    for one in excesses:
        scale_s = one.width * curve.bin_s
        delay_s = max(abs(curve.time_s(one.centre) - window.t0_s), scale_s)
        far = published_far(one.score, scale_s)
        rate = measured_rate(found, one.score, apart)[0] if measurable else None
        told.append(
            FalseAlarm(
                far_published=far,
                number_published=published_fap(one.score, delay_s, scale_s),
                fap_published=measured_fap(far * SCALES, delay_s, most_published),
                far_measured=rate,
                fap_measured=None if rate is None else measured_fap(rate, delay_s, most * window.length_s),
            )
        )
    return told
