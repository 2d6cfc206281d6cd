"""A science window made ready for spectra and light curves: its good events, its pixels, and how long each was live."""

from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mesh.kit import BadInput
from mesh.kit.ogip.observation import DAY_S, Observation
from services.isgri.analysis.dead_time import ModuleTimes
from services.isgri.analysis.detector import PIXELS
from services.isgri.analysis.events import Events, read_events
from services.isgri.analysis.live_time import good_times, inside, live_fraction, module_times
from services.isgri.analysis.shadowgram import shadowgrams, usable_pixels

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
        modules: how long each of the eight modules was on and live.
        usable: pixels that work, detector shape.
        warnings: what the caller should know.
    """

    events: Events
    used: NDArray[np.bool_]
    gti: NDArray[np.float64]
    modules: ModuleTimes
    usable: NDArray[np.bool_]
    warnings: list[str] = field(default_factory=list)

    @property
    def ontime_s(self) -> float:
        """Sum of the good time intervals."""
        return float(np.diff(self.gti, axis=1).sum())

    @property
    def live_fraction(self) -> float:
        """Share of good time that is not dead, mean of the detector."""
        return self.modules.live_fraction

    @property
    def live_time_s(self) -> float:
        """Exposure corrected for dead time."""
        return self.ontime_s * self.live_fraction

    def live_map_s(self) -> NDArray[np.float64]:
        """Live time of each pixel, detector shape; 0 where a pixel is not used."""
        live: NDArray[np.float64] = np.where(self.usable, self.efficiency() * self.live_time_s, 0.0)
        return live

    def efficiency(self) -> NDArray[np.float64]:
        """Live time of each pixel's module over that of the detector, detector shape; 0 between modules."""
        return self.modules.relative(self.ontime_s)

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
    with step("dead"):
        fraction, dead_warnings = live_fraction(events)
        modules = module_times(events, gti, fraction)
        usable = usable_pixels(shadowgrams(events, inside_gti, [_ALL_ENERGIES])[0])
        if not usable.any():
            raise BadInput("NoISGRIEvents", f"{path.name} has no working pixel; leave this window out")
        if usable.sum() < _LEAST_PIXELS * PIXELS:
            warnings.append(f"only {int(usable.sum())} of {PIXELS} pixels work; errors are large")
    used = inside_gti & usable[events.row, events.column]
    return ExposedWindow(events, used, gti, modules, usable, [*warnings, *gti_warnings, *dead_warnings])
