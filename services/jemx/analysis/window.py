"""Analysis of one unit in one science window: from the event file to fitted sources and images of every band."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mesh.kit import BadInput
from science.coded_mask.catalogue import CatalogueSource, in_field
from science.coded_mask.field import Field
from science.coded_mask.fit import LEAST_COVERED, ShadowgramFit
from science.coded_mask.search import Candidates, find_sources
from science.coded_mask.sky_map import coded_map
from science.coded_mask.window_result import WindowResult, noise_warnings, window_images
from services.jemx.analysis.events import read_table, validated_events
from services.jemx.analysis.exposed import Exposed, expose
from services.jemx.analysis.instrument import instrument
from services.jemx.analysis.shadowgram import shadowgrams

Step = Callable[[str], AbstractContextManager[None]]

_LEAST_COUNTS = 200.0


@dataclass
class JemxWindow(WindowResult):
    """Everything that was found by one unit in one window."""

    exposed: Exposed = field(kw_only=True)


def analyse_window(
    path: Path,
    unit: int,
    bands: Sequence[tuple[float, float]],
    catalogue: Sequence[CatalogueSource],
    threshold: float,
    *,
    step: Step,
) -> JemxWindow:
    """Analyse one unit in one science window.

    Args:
        path: event file of the unit.
        unit: 1 or 2.
        bands: energy bands, keV.
        catalogue: known sources, anywhere on the sky.
        threshold: significance from which new sources are accepted.
        step: context manager that reports a step by name.

    Raises:
        BadInput: the file holds nothing to analyse or is damaged.
    """
    with step("events"):
        table = read_table(path, unit)
    with step("validate"):
        events = validated_events(table, unit)
    with step("good"):
        window = expose(events)
    with step("shadowgram"):
        data = shadowgrams(window, bands)
        if all(d.weightless for d in data):
            text = f"JEM-X {unit} has no event that counts in any band of window {events.swid}; leave it out"
            raise BadInput("NoCounts", text)
        warnings = window.threshold_warnings(bands) + [
            f"only {int(d.counts[d.live].sum())} counts of JEM-X {unit} in {d.low_kev:g}-{d.high_kev:g} keV; fluxes "
            "are poor"
            for d in data
            if d.covered > LEAST_COVERED and d.counts[d.live].sum() < _LEAST_COUNTS
        ]
    with step("image"):
        sky = Field([ShadowgramFit(d, d.camera.templates()) for d in data])
        candidates = Candidates(in_field(catalogue, events.attitude, sky.camera))
        left = find_sources(sky, candidates, threshold)
    with step("clean"):
        images = [window_images(image, noise) for image, noise in zip(left, sky.noise, strict=True)]
        exposure = coded_map(sky.camera, window.usable) * np.float32(data[0].exposed_s)
    return JemxWindow(
        instrument(unit),
        events,
        window.gti,
        window.live_fraction,
        exposure,
        sky,
        images,
        [*window.warnings, *warnings, *candidates.warnings, *noise_warnings(sky)],
        exposed=window,
    )
