"""A science window made ready for spectra and light curves: its good events, its pixels, and how long each was live."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mesh.kit import BadInput
from mesh.kit.ogip.observation import DAY_S, Observation
from science.coded_mask.catalogue import CatalogueSource
from science.coded_mask.good_time import inside, total_s
from services.isgri.analysis.dead_time import ModuleTimes
from services.isgri.analysis.detector import PIXELS, module_map
from services.isgri.analysis.events import Events, read_table, validated_events
from services.isgri.analysis.live_time import good_times, live_fraction, module_times, strobe_warnings, with_strobes
from services.isgri.analysis.shadowgram import shadowgrams
from services.isgri.analysis.thresholds import Thresholds, low_thresholds
from services.isgri.analysis.working_pixels import ALL_ENERGIES_KEV, working_pixels

Step = Callable[[str], AbstractContextManager[None]]

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
        thresholds: energies below which there are no events.
        bright: places (tz, ty) of sources that light pixels as brightly as the background.
        warnings: what the caller should know.
    """

    events: Events
    used: NDArray[np.bool_]
    gti: NDArray[np.float64]
    modules: ModuleTimes
    usable: NDArray[np.bool_]
    thresholds: Thresholds = field(default_factory=Thresholds)
    bright: tuple[tuple[float, float], ...] = ()
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


def expose(
    path: Path, step: Step, known: Sequence[CatalogueSource] = (), housekeeping: Path | None = None
) -> ExposedWindow:
    """Read a window, validate it, and find its good times, live time and working pixels.

    Args:
        path: ISDC event file.
        step: context manager that reports a step by name.
        known: sources whose place is known, anywhere on the sky.
        housekeeping: table of the dead time of its modules, where the archive has it.

    Raises:
        BadInput: NoISGRIEvents, NoGTI, ScWDataCorrupted: there is nothing to analyse.
    """
    with step("events"):
        table = read_table(path)
    with step("validate"):
        events = validated_events(table)
        warnings = ["the telescope slewed in this window; its sources are smeared"] if events.slew else []
    with step("gti"):
        gti, gti_warnings = good_times(events)
        if not len(gti):
            raise BadInput("NoGTI", f"{path.name} has no good time: leave this window out")
        if not (inside(events.time_s, gti) & ~events.noisy).any():
            raise BadInput(
                "NoISGRIEvents", f"{path.name} has no event inside its good time intervals: leave this window out"
            )
    with step("dead"):
        events, strobe_faults = with_strobes(events, housekeeping, path)
        return exposed(events, gti, known, [*warnings, *gti_warnings, *strobe_faults])


def exposed(
    events: Events, gti: NDArray[np.float64], known: Sequence[CatalogueSource], warnings: Sequence[str] = ()
) -> ExposedWindow:
    """Return the events in some good times ready for extraction.

    Args:
        events: all events.
        gti: good time intervals with events.
        known: sources whose place is known.
        warnings: what is known already.

    Raises:
        BadInput: NoISGRIEvents: no pixel works.
    """
    fraction, dead_warnings = live_fraction(events)
    modules = module_times(events, gti, fraction)
    fraction = modules.live_fraction
    inside_gti = inside(events.time_s, gti) & ~events.noisy
    total = shadowgrams(events, inside_gti, [ALL_ENERGIES_KEV])[0]
    ontime = total_s(gti)
    usable, bright = working_pixels(
        total, ontime * fraction, modules.relative(ontime), known, events.attitude, events.validation
    )
    if not usable.any():
        raise BadInput("NoISGRIEvents", f"window {events.swid} has no working pixel; leave it out")
    told = [*warnings, *dead_warnings, *strobe_warnings(events, gti, modules)]
    if usable.sum() < _LEAST_PIXELS * PIXELS:
        told.append(f"only {int(usable.sum())} of {PIXELS} pixels work; images are poor and errors large")
    used = inside_gti & usable[events.row, events.column]
    thresholds = low_thresholds(events.energy_kev[used], module_map()[events.row[used], events.column[used]])
    return ExposedWindow(events, used, gti, modules, usable, thresholds, bright, [*told, *events.validation.warnings])
