"""One unit in one window made ready for imaging: good events, usable pixels, live time, gain."""

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from mesh.kit import BadInput
from science.coded_mask.bright_sources import bright_sources
from science.coded_mask.fit import Shadowgram
from science.coded_mask.good_time import inside, total_s, without_gaps
from science.coded_mask.low_threshold import band_warning, covered_share, half_density_kev, low_threshold
from science.coded_mask.validation import counted
from services.jemx.analysis.camera import camera
from services.jemx.analysis.detector import PIXEL_MM, SHAPE, window
from services.jemx.analysis.events import Events
from services.jemx.analysis.gain import measured_gain
from services.jemx.analysis.model import model

_LIVE_FRACTION = 0.82
"""Of a Crab window of revolution 665, for files that state none."""
_COLD, _SILENT = 0.4, 0.1
"""Columns with less than these shares of what is expected of them do not work; with less than the second whatever
shines on them."""
_WHOLE_BAND = (3.0, 35.0)
_GOLDEN = 0.6180339887498949
"""Multiples of it fill the range from 0 to 1 evenly."""
_MANY = 0.15
"""Share of pixels left out that is worth a warning."""
_NEIGHBOURS = 10
_LEAST_COUNTS = 20.0
_THRESHOLDS_KEV = (3.0, 20.0)
"""Low thresholds are looked for between these."""
_SLIP = 0.25
"""Share of the density of counts above a threshold that may be left below."""
_LEAST_PIXELS = 0.2


@dataclass(frozen=True)
class Exposed:
    """Events and exposure of one unit in one window.

    ``pixel`` is the place of each event in a flattened shadowgram (-1 beside it), ``used`` says which are good: in a
    good time, without a bad status, on a usable pixel. ``gain`` is measured over nominal energy of the xenon line; NaN
    where the background is too faint to tell. Below ``threshold_kev`` there are no events, below ``half_kev`` few; 0
    where no threshold is seen.
    """

    events: Events
    pixel: NDArray[np.int64]
    used: NDArray[np.bool_]
    gti: NDArray[np.float64]
    live_fraction: float
    usable: NDArray[np.bool_]
    gain: float
    warnings: list[str] = field(default_factory=list)
    threshold_kev: float = 0.0
    half_kev: float = 0.0

    @property
    def ontime_s(self) -> float:
        """Sum of the good time intervals."""
        return float(np.diff(self.gti, axis=1).sum())

    @property
    def live_time_s(self) -> float:
        """Exposure corrected for dead time."""
        return self.ontime_s * self.live_fraction

    def in_band(self, low_kev: float, high_kev: float) -> NDArray[np.bool_]:
        """Return which events are good and of a band [low, high).

        A channel that a limit of the band cuts gives the share of its events that lies inside: whole channels alone
        would move a limit by up to half of one, and the flux of a band such as 5-10 keV by 1.6 %.
        """
        energy = energies_kev(self.events.channel)
        return np.asarray(self.used & (energy >= low_kev) & (energy < high_kev))

    def covered(self, low_kev: float, high_kev: float) -> float:
        """Return the share of a source's counts in a band that lie above the low threshold."""
        return covered_share(low_kev, high_kev, self.threshold_kev)

    def threshold_warnings(self, bands: Sequence[tuple[float, float]]) -> list[str]:
        """Say which bands begin below the low threshold, or where it rises slowly."""
        found = (band_warning(*band, self.threshold_kev, self.half_kev) for band in bands)
        return [f"JEM-X {self.events.unit}: {text}" for text in found if text is not None]


def expose(events: Events) -> Exposed:
    """Find good events, usable pixels and live time.

    Raises:
        BadInput: NoGTI, NoJEMXEvents: there is nothing to analyse.
    """
    m = model()
    name = f"JEM-X {events.unit}"
    warnings = [f"the telescope slewed in this window; the sources of {name} are smeared"] if events.slew else []
    gti = events.gti
    if gti is None:
        warnings.append(f"the event file of {name} has no good time intervals; times with events are used")
        gti = np.array([[events.time_s[0], np.nextafter(events.time_s[-1], np.inf)]])
    gti = without_gaps(gti, events.time_s, events.validation)
    if not len(gti):
        raise BadInput("NoGTI", f"{name} has no good time in this window: leave the window out")
    fraction = events.live_fraction
    if fraction is None or not 0.0 < fraction <= 1.0:
        fraction = _LIVE_FRACTION
        warnings.append(f"the event file of {name} states no dead time (DEADC); a live fraction of 0.82 is used")
    accepted = events.grey.share(gti)
    if accepted < 1.0:
        warnings.append(f"the grey filter of {name} accepted {accepted:.1%} of the events; fluxes are corrected for it")
    good = (events.status & m.rejected_status) == 0
    timely = inside(events.time_s, gti)
    pixel = pixel_of(events)
    usable = usable_pixels(events, pixel, timely, total_s(gti) * fraction * accepted)
    used = good & timely & (pixel >= 0)
    used[used] = usable.ravel()[pixel[used]]
    if not used.any():
        raise BadInput("NoJEMXEvents", f"{name} has no good event in this window: leave the window out")
    if usable.sum() < _LEAST_PIXELS * window().sum():
        warnings.append(f"only {usable.sum() / window().sum():.0%} of {name} works; the image is poor")
    gain = measured_gain(events.channel[good & timely])
    if abs(gain - 1.0) > m.gain_tolerance:
        warnings.append(
            f"the xenon line of {name} lies at {gain:.3f} of its energy: the gain correction of this window is off by "
            f"{gain - 1.0:+.1%}, and so are band limits"
        )
    warnings += events.validation.warnings
    energy = energies_kev(events.channel[used])
    return Exposed(
        events,
        pixel,
        used,
        gti,
        float(fraction) * accepted,
        usable,
        gain,
        warnings,
        low_threshold(energy, *_THRESHOLDS_KEV, _SLIP),
        half_density_kev(energy, *_THRESHOLDS_KEV),
    )


def energies_kev(channel: NDArray[np.uint8]) -> NDArray[np.float64]:
    """Return energies of events in keV, spread evenly over their channels and the same every time."""
    edges = model().channel_edges_kev()
    spread = np.modf(np.arange(channel.size) * _GOLDEN)[0]
    return np.asarray(edges[channel] + spread * np.diff(edges)[channel])


def pixel_of(events: Events) -> NDArray[np.int64]:
    """Return the index of each event's pixel in a flattened shadowgram, -1 beside it."""
    row = np.floor(events.z_mm / PIXEL_MM).astype(np.int64) + SHAPE[0] // 2
    column = np.floor(events.y_mm / PIXEL_MM).astype(np.int64) + SHAPE[1] // 2
    inside = (row >= 0) & (row < SHAPE[0]) & (column >= 0) & (column < SHAPE[1])
    return np.where(inside, row * SHAPE[1] + column, -1)


def usable_pixels(
    events: Events, pixel: NDArray[np.int64], timely: NDArray[np.bool_], live_time_s: float
) -> NDArray[np.bool_]:
    """Pixels of the window without dead anodes, their flagged neighbours, and hot spots; says how many are left out.

    Anodes are columns. A dead one has far fewer events than those around it, a flagged one mostly flagged events.
    Near the rim columns are short, so that the mask may leave one in the dark: where some have few events but not
    none, they are compared with a model that has the very bright sources in it. Single pixels have too few events to
    be judged; only a flag takes one out.
    """
    m = model()
    inside = (pixel >= 0) & timely
    usable = window().copy()
    total, bad = (
        np.bincount(pixel[chosen] % SHAPE[1], minlength=SHAPE[1])
        for chosen in (inside, inside & ((events.status & m.anode_status) != 0))
    )
    length = window().sum(axis=0)
    density = total / np.maximum(length, 1)
    around = [density[max(column - _NEIGHBOURS, 0) : column + _NEIGHBOURS + 1] for column in range(SHAPE[1])]
    expected = np.array([float(np.median(part)) for part in around]) * length
    flagged = (total > 0) & (bad > 0.5 * total)
    dead = _dead(total, expected) & ~flagged
    usable[:, dead | flagged] = False
    hot = inside & ((events.status & m.hot_spot_status) != 0)
    usable &= np.bincount(pixel[hot], minlength=usable.size).reshape(SHAPE) == 0
    bright = ""
    if (dim := dead & (total >= _SILENT * expected)).any():
        sound = inside & ((events.status & m.rejected_status) == 0)
        counts = np.bincount(pixel[sound], minlength=usable.size).reshape(SHAPE).astype(np.float64)
        lens = camera(events.unit, *_WHOLE_BAND)
        data = Shadowgram(*_WHOLE_BAND, counts, usable, live_time_s, lens)
        expected_counts, sources = bright_sources(data, lens.templates(), [], events.attitude)
        if sources:
            columns = (np.maximum(expected_counts, 0.0) * window()).sum(axis=0)
            working = dim & ~_dead(total, columns)
            usable[:, working] = window()[:, working]
            dead &= ~working
            bright = f", with the light of {counted(len(sources), 'very bright source')} in mind"
    left_out = int(window().sum() - usable.sum())
    text = (
        f"{left_out} of {int(window().sum())} pixels of JEM-X {events.unit} left out: "
        f"{counted(int(dead.sum()), 'column')} with too few events, {int(flagged.sum())} flagged, and hot spots{bright}"
    )
    if left_out > _MANY * window().sum() or (bright and dead.any()):
        events.validation.warn(text)
    elif left_out:
        events.validation.note(text)
    return usable


def _dead(total: NDArray[np.int64], expected: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Return the columns that have far fewer events than they should."""
    few: NDArray[np.bool_] = (expected > _LEAST_COUNTS) & (total < _COLD * expected)
    return few
