"""Analysis of one science window: from the event file to fitted sources and images of every band."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from mesh.kit import BadInput
from science.coded_mask.catalogue import CatalogueSource, in_field
from science.coded_mask.field import Field
from science.coded_mask.fit import LEAST_COVERED, Shadowgram, ShadowgramFit
from science.coded_mask.good_time import inside, subtracted
from science.coded_mask.search import Candidates, find_sources
from science.coded_mask.sky_map import coded_map
from science.coded_mask.window_result import WindowResult, noise_warnings, window_images
from services.isgri.analysis.background import templates
from services.isgri.analysis.background_map import BackgroundMap, map_warnings
from services.isgri.analysis.bursts import Burst, find_bursts
from services.isgri.analysis.camera import CAMERA
from services.isgri.analysis.events import Events
from services.isgri.analysis.exposed_window import ExposedWindow, expose, exposed
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.shadowgram import shadowgrams

Step = Callable[[str], AbstractContextManager[None]]

_LEAST_COUNTS = 200.0


@dataclass
class IsgriWindow(WindowResult):
    """Everything that was found in one window, and its events."""

    events: Events = field(kw_only=True)
    bursts: list[Burst] = field(default_factory=list)


def analyse_window(
    path: Path,
    bands: Sequence[tuple[float, float]],
    catalogue: Sequence[CatalogueSource],
    threshold: float,
    *,
    burst_search: bool,
    step: Step,
    background: BackgroundMap | None = None,
    housekeeping: Path | None = None,
) -> IsgriWindow:
    """Analyse one science window.

    Args:
        path: ISDC event file.
        bands: energy bands, keV.
        catalogue: known sources, anywhere on the sky.
        threshold: significance from which new sources are accepted.
        burst_search: whether to search for bursts too.
        step: context manager that reports a step by name.
        background: map of the pixels' background.
        housekeeping: table of the dead time of its modules, where the archive has it.

    Raises:
        BadInput: the file holds nothing to analyse or is damaged.
    """
    window = expose(path, step, catalogue, housekeeping)
    return image_window(
        window, bands, catalogue, threshold, burst_search=burst_search, step=step, background=background
    )


def without_bursts(
    whole: IsgriWindow,
    bands: Sequence[tuple[float, float]],
    catalogue: Sequence[CatalogueSource],
    threshold: float,
    background: BackgroundMap | None = None,
) -> IsgriWindow:
    """Analyse the same window without the time of its bursts: what shines steadily.

    Args:
        whole: the window with its bursts.
        bands: energy bands, keV.
        catalogue: known sources.
        threshold: significance from which new sources are accepted.
        background: map of the pixels' background.

    Raises:
        BadInput: NoGTI: nothing is left.
    """
    spans = np.array([[burst.t_start_s, burst.t_stop_s] for burst in whole.bursts]).reshape(-1, 2)
    gti = subtracted(whole.gti, spans)
    if not (inside(whole.events.time_s, gti) & ~whole.events.noisy).any():
        raise BadInput("NoGTI", "the bursts leave no time of this window")
    return image_window(
        exposed(whole.events, gti, catalogue),
        bands,
        catalogue,
        threshold,
        burst_search=False,
        step=lambda _: nullcontext(),
        background=background,
    )


def image_window(
    window: ExposedWindow,
    bands: Sequence[tuple[float, float]],
    catalogue: Sequence[CatalogueSource],
    threshold: float,
    *,
    burst_search: bool,
    step: Step,
    background: BackgroundMap | None,
) -> IsgriWindow:
    """Return shadowgrams, sources and images of the used events; see ``analyse_window``."""
    events, warnings = window.events, list(window.warnings)
    with step("shadowgram"):
        patterns = [background.pattern(low, high) if background else None for low, high in bands]
        efficiency = window.efficiency()
        data = [
            Shadowgram(
                low,
                high,
                c,
                window.usable & window.thresholds.counting(low),
                window.live_time_s,
                CAMERA,
                pattern,
                efficiency,
                window.thresholds.covered(low, high),
            )
            for (low, high), c, pattern in zip(bands, shadowgrams(events, window.used, bands), patterns, strict=True)
        ]
        warnings += window.thresholds.warnings(bands)
        if all(d.weightless for d in data):
            raise BadInput("NoCounts", f"window {events.swid} has no event that counts in any band; leave it out")
        warnings += map_warnings(background, data, events.swid, events.revolution) if background else []
        warnings += [
            f"only {int(d.counts[d.live].sum())} counts in {d.low_kev:g}-{d.high_kev:g} keV; fluxes are poor"
            for d in data
            if d.covered > LEAST_COVERED and d.counts[d.live].sum() < _LEAST_COUNTS
        ]
    with step("image"):
        sky = Field([ShadowgramFit(d, templates()) for d in data])
        candidates = Candidates(in_field(catalogue, events.attitude, CAMERA))
        left = find_sources(sky, candidates, threshold)
        warnings += [*candidates.warnings, *_ghost_warnings(sky, events)]
        bursts = find_bursts(events, window.usable, window.gti, window.live_fraction) if burst_search else []
    with step("clean"):
        images = [window_images(image, noise) for image, noise in zip(left, sky.noise, strict=True)]
        warnings += noise_warnings(sky)
        # The share of the whole detector that saw a direction, dead pixels counted out.
        exposure = coded_map(CAMERA, data[0].exposed) * np.float32(data[0].exposed_s)
    return IsgriWindow(
        INSTRUMENT,
        events,
        window.gti,
        window.live_fraction,
        exposure,
        sky,
        images,
        warnings,
        bursts=bursts,
        events=events,
    )


def _ghost_warnings(sky: Field, events: Events) -> list[str]:
    texts = []
    for source in sky.sources:
        if source.rival is None or source.entry is not None:
            continue
        ra, dec = events.attitude.sky(source.tz, source.ty)
        other_ra, other_dec = events.attitude.sky(*source.rival)
        texts.append(
            f"the new source at RA {ra:.2f} Dec {dec:+.2f} may as well be its ghost at RA {other_ra:.2f} "
            f"Dec {other_dec:+.2f}; windows of other pointings tell them apart"
        )
    return texts
