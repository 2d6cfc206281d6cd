"""What spectra and light curves share: the windows of both units, their sources, and joint fits of bands."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mesh.kit import BadInput, ScienceFailure, Unit
from mesh.kit.ogip.observation import DAY_S, Observation
from science.coded_mask.bright_sources import bright_sources
from science.coded_mask.extraction import Target, bystanders, targets_in_field, targets_of
from science.coded_mask.joint_fit import JointFit, JointModel, fit_jointly
from science.coded_mask.pixel_scatter import BandResidual
from science.coded_mask.weighted_curve import EventWeights, event_weights
from services.jemx.analysis.camera import camera
from services.jemx.analysis.detector import SHAPE
from services.jemx.analysis.events import read_table, validated_events
from services.jemx.analysis.exposed import Exposed, expose
from services.jemx.analysis.image_stage import event_file, wanted_units
from services.jemx.analysis.mosaic_stage import CATALOGUE_FILE
from services.jemx.analysis.shadowgram import shadowgrams

_WHOLE_BAND = (3.0, 20.0)
_UNEXPLAINED = 1.1
"""chi2 per degree of freedom of the listed sources from which others are sought: one of 80 mCrab that is not in the
list makes so much in 1 ks."""

Step = Callable[[str], AbstractContextManager[None]]


@dataclass(frozen=True)
class BandFit:
    """Joint fit of one band, the weight that every event of it has for each source, and its residual."""

    fit: JointFit
    weights: EventWeights
    left: BandResidual


@dataclass(frozen=True)
class SourceWindow:
    """A unit in one window with the sources that it sees.

    ``exposure_s`` is the live time times the share of the sensitivity on axis that each source has. ``others`` are
    places (tz, ty) of bright sources that nobody asked for; they are fitted along.
    """

    unit: int
    window: Exposed
    targets: list[Target]
    exposure_s: NDArray[np.float64]
    others: tuple[tuple[float, float], ...] = ()

    def observation(self) -> Observation:
        """Return the keywords of a product of this window."""
        events, gti = self.window.events, self.window.gti
        return Observation(
            f"JMX{self.unit}",
            events.tstart_ijd + float(gti[0, 0]) / DAY_S,
            events.tstart_ijd + float(gti[-1, 1]) / DAY_S,
            extra=(
                ("REVOL", events.revolution, "revolution"),
                ("SWID", events.swid, "science window"),
                ("ONTIME", self.window.ontime_s, "[s] sum of good time intervals"),
                ("DEADC", self.window.live_fraction, "live fraction"),
            ),
        )

    def fit(self, low_kev: float, high_kev: float, used: NDArray[np.bool_]) -> BandFit:
        """Fit all sources to the used events, which are those of a band."""
        lens = camera(self.unit, low_kev, high_kev)
        live = self.window.usable.ravel()
        pixels = np.flatnonzero(live)
        counts = np.bincount(self.window.pixel[used], minlength=SHAPE[0] * SHAPE[1])[pixels]
        unit_flux = self.window.live_time_s / lens.lit_pixels
        places = [*((float(tz), float(ty)) for tz, ty in self.tangents().T), *self.others]
        rows = np.array([lens.illumination(*place).ravel()[pixels] * unit_flux for place in places])
        asked = len(self.targets)
        templates = np.array([template.ravel()[pixels] for template in lens.templates()])
        fit = fit_jointly(counts[None].astype(np.float64), JointModel(rows[:asked], templates, None, rows[asked:]))
        weights = event_weights(fit, 0, pixels, np.zeros(live.size, np.int8))
        band = np.zeros(1, np.intp)
        left = BandResidual(
            lens,
            pixels,
            unit_flux,
            np.asarray(fit.counts[0], np.float64),
            fit.expected(band),
            fit.background(band),
            fit.background_rows(band),
        )
        return BandFit(fit, weights, left)

    def coded(self) -> NDArray[np.float64]:
        """Share of the sensitivity on axis that each source has left."""
        return camera(self.unit, 3.0, 20.0).coded_fraction(*self.tangents())

    def tangents(self) -> NDArray[np.float64]:
        """Return where the sources stand in the field, shape (2, sources): tangents (tz, ty)."""
        ra, dec = np.array([(target.ra, target.dec) for target in self.targets]).T
        return np.array(self.window.events.attitude.tangents(ra, dec))


def source_windows(unit: Unit) -> Iterator[tuple[SourceWindow, Step]]:
    """Yield every unit that is asked for, ready for extraction; what a unit lacks is a warning.

    Steps are told for the first unit only: the second repeats them.

    Raises:
        BadInput, ScienceFailure: no unit has usable events, or sees a source; or there is no list of sources.
    """
    targets = targets_of(
        unit.parameters["catalogue"],
        next((entry.path(CATALOGUE_FILE) for entry in unit.inputs("mosaic")), None),
    )
    failures: list[BadInput | ScienceFailure] = []
    made = 0
    for number in wanted_units(unit):
        step: Step = unit.step if not made else _untold
        try:
            path = event_file(unit, number)
            if path is None:
                text = f"window {unit.label} has no events of JEM-X {number} in the archive; leave it out"
                raise BadInput("NoJEMXEvents", text)
            ready, warnings = ready_for(path, number, targets, step)
        except (BadInput, ScienceFailure) as failure:
            failures.append(failure)
            continue
        made += 1
        for warning in warnings:
            unit.warn(warning)
        yield ready, step
    if not made:
        raise failures[0]
    for refused in failures:
        unit.warn(refused.text)


def ready_for(path: Path, number: int, targets: Sequence[Target], step: Step) -> tuple[SourceWindow, list[str]]:
    """Return a unit in one window, ready for extraction, and what the caller should know.

    Args:
        path: event file of the unit.
        number: of the unit, 1 or 2.
        targets: sources that are asked for.
        step: context manager that reports a step by name.

    Raises:
        BadInput, ScienceFailure: the file has no usable events, or the window sees none of the sources.
    """
    with step("events"):
        table = read_table(path, number)
    with step("validate"):
        events = validated_events(table, number)
    with step("good"):
        window = expose(events)
    lens = camera(number, 3.0, 20.0)
    seen, warnings = targets_in_field(targets, events.attitude, lens)
    kept = [target for target, _ in seen]
    tz, ty = events.attitude.tangents(np.array([t.ra for t in kept]), np.array([t.dec for t in kept]))
    share = lens.coded_fraction(tz, ty) * window.usable.sum() / lens.pixels
    ready = SourceWindow(number, window, kept, share * window.live_time_s)
    others, told = _bystanders(ready)
    return replace(ready, others=others), [*window.warnings, *warnings, *told]


def _bystanders(seen: SourceWindow) -> tuple[tuple[tuple[float, float], ...], list[str]]:
    """Return places of bright sources that are not among those that are asked for, and a warning."""
    low, high = _WHOLE_BAND
    used = seen.window.in_band(low, high)
    if seen.fit(low, high, used).fit.chi2_per_dof[0] < _UNEXPLAINED:
        return (), []
    [data] = shadowgrams(seen.window, [_WHOLE_BAND])
    attitude = seen.window.events.attitude
    _, sources = bright_sources(data, data.camera.templates(), [], attitude)
    return bystanders([(source.tz, source.ty) for source in sources], seen.targets, attitude, data.camera)


def _untold(name: str) -> AbstractContextManager[None]:
    del name
    return nullcontext()
