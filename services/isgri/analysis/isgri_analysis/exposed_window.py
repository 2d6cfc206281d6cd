"""A science window made ready for spectra and light curves: its good events, its pixels, and how long each was live."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isgri_analysis.detector import PIXELS, module_map
from isgri_analysis.events import Events, read_events
from isgri_analysis.live_time import good_times, inside, live_fraction, module_good_times
from isgri_analysis.shadowgram import shadowgrams, usable_pixels
from mesh.kit import BadInput
from mesh.kit.ogip.observation import DAY_S, Observation

Step = Callable[[str], AbstractContextManager[None]]

_ALL_ENERGIES = (0.0, 2000.0)
_LEAST_PIXELS = 0.2


@dataclass(frozen=True)
class ExposedWindow:
    """Events and exposure of one window.

    Args:
        events: all events.
        used: which of them are good: in a good time, of a usable pixel.
        gti: good time intervals of the detector, seconds after the start, shape (n, 2).
        module_gti: the same for each of the eight modules, without the module's own gaps.
        live_fraction: share of good time that is not dead.
        usable: pixels that work, detector shape.
        warnings: what the caller should know.
    """

    events: Events
    used: NDArray[np.bool_]
    gti: NDArray[np.float64]
    module_gti: list[NDArray[np.float64]]
    live_fraction: float
    usable: NDArray[np.bool_]
    warnings: list[str] = field(default_factory=list)

    @property
    def ontime_s(self) -> float:
        """Sum of the good time intervals."""
        return float(np.diff(self.gti, axis=1).sum())

    @property
    def live_time_s(self) -> float:
        """Exposure corrected for dead time."""
        return self.ontime_s * self.live_fraction

    def live_map_s(self) -> NDArray[np.float64]:
        """Live time of each pixel, detector shape; 0 where a pixel is not used."""
        ontime = np.array([np.diff(gti, axis=1).sum() for gti in self.module_gti])
        live: NDArray[np.float64] = np.where(self.usable, ontime[np.maximum(module_map(), 0)], 0.0) * self.live_fraction
        return live

    def good_times_ijd_s(self) -> NDArray[np.float64]:
        """Good time intervals in seconds since MJD 51544."""
        return self.events.tstart_ijd * DAY_S + self.gti

    def observation(self, source: str = "", ra: float | None = None, dec: float | None = None) -> Observation:
        """Return the keywords of a product of this window."""
        return Observation(
            "IBIS",
            self.events.tstart_ijd + float(self.gti[0, 0]) / DAY_S,
            self.events.tstart_ijd + float(self.gti[-1, 1]) / DAY_S,
            source,
            ra,
            dec,
            detector="ISGRI",
            extra=(
                ("REVOL", self.events.revolution, "revolution"),
                ("SWID", self.events.swid, "science window"),
                ("ONTIME", self.ontime_s, "[s] sum of good time intervals"),
                ("DEADC", self.live_fraction, "live fraction"),
            ),
        )


def expose(path: Path, step: Step) -> ExposedWindow:
    """Read a window and find its good times, live time and usable pixels.

    Raises:
        BadInput: NoISGRIEvents, NoGTI, ScWDataCorrupted: there is nothing to analyse.
    """
    with step("events"):
        events = read_events(path)
        warnings = ["the telescope slewed in this window; its sources are smeared"] if events.slew else []
    with step("gti"):
        gti, gti_warnings = good_times(events)
        if not len(gti):
            raise BadInput("NoGTI", f"{path.name} has no good time: leave this window out")
        inside_gti = inside(events.time_s, gti) & ~events.noisy
        if not inside_gti.any():
            raise BadInput(
                "NoISGRIEvents", f"{path.name} has no event inside its good time intervals: leave this window out"
            )
        modules = module_good_times(events, gti)
    with step("dead"):
        fraction, dead_warnings = live_fraction(events)
        usable = usable_pixels(shadowgrams(events, inside_gti, [_ALL_ENERGIES])[0])
        if not usable.any():
            raise BadInput("NoISGRIEvents", f"{path.name} has no working pixel; leave this window out")
        if usable.sum() < _LEAST_PIXELS * PIXELS:
            warnings.append(f"only {int(usable.sum())} of {PIXELS} pixels work; errors are large")
    used = inside_gti & usable[events.row, events.column]
    return ExposedWindow(events, used, gti, modules, fraction, usable, [*warnings, *gti_warnings, *dead_warnings])
