"""Analysis of one science window: from the event file to fitted sources and images of every band."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager, nullcontext
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mesh.kit import BadInput
from science.coded_mask.catalogue import CatalogueSource, in_field
from science.coded_mask.field import Field
from science.coded_mask.fit import Shadowgram, ShadowgramFit
from science.coded_mask.search import Candidates, find_sources
from science.coded_mask.sky_map import coded_map
from science.coded_mask.window_result import WindowResult, noise_warnings, window_images
from services.isgri.analysis.background import templates
from services.isgri.analysis.background_map import BackgroundMap, map_warnings
from services.isgri.analysis.bursts import Burst, find_bursts
from services.isgri.analysis.camera import CAMERA
from services.isgri.analysis.detector import PIXELS
from services.isgri.analysis.events import Events, read_events
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.live_time import good_times, inside, live_fraction, module_times, subtracted
from services.isgri.analysis.shadowgram import shadowgrams, usable_pixels

Step = Callable[[str], AbstractContextManager[None]]

_ALL_ENERGIES = (0.0, 2000.0)
_LEAST_PIXELS = 0.2
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

    Raises:
        BadInput: the file holds nothing to analyse or is damaged.
    """
    with step("events"):
        events = read_events(path)
        warnings = ["the telescope slewed in this window; its sources are smeared"] if events.slew else []
    with step("gti"):
        gti, gti_warnings = good_times(events)
        warnings += gti_warnings
        used = inside(events.time_s, gti) & ~events.noisy
        if not used.any():
            raise BadInput(
                "NoISGRIEvents",
                f"{path.name} has no event inside its good time intervals: leave this window out",
            )
    with step("dead"):
        fraction, dead_warnings = live_fraction(events)
        warnings += dead_warnings
    return _image(
        events,
        gti,
        fraction,
        used,
        bands=bands,
        catalogue=catalogue,
        threshold=threshold,
        burst_search=burst_search,
        step=step,
        background=background,
        warnings=warnings,
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
    used = inside(whole.events.time_s, gti) & ~whole.events.noisy
    if not used.any():
        raise BadInput("NoGTI", "the bursts leave no time of this window")
    return _image(
        whole.events,
        gti,
        whole.live_fraction,
        used,
        bands=bands,
        catalogue=catalogue,
        threshold=threshold,
        burst_search=False,
        step=lambda _: nullcontext(),
        background=background,
        warnings=[],
    )


def _image(
    events: Events,
    gti: NDArray[np.float64],
    fraction: float,
    used: NDArray[np.bool_],
    *,
    bands: Sequence[tuple[float, float]],
    catalogue: Sequence[CatalogueSource],
    threshold: float,
    burst_search: bool,
    step: Step,
    background: BackgroundMap | None,
    warnings: list[str],
) -> IsgriWindow:
    """Shadowgrams, sources and images of the used events."""
    ontime = float(np.diff(gti, axis=1).sum())
    live_time = ontime * fraction
    with step("shadowgram"):
        counts = shadowgrams(events, used, [*bands, _ALL_ENERGIES])
        usable = usable_pixels(counts[-1])
        if usable.sum() < _LEAST_PIXELS * PIXELS:
            warnings.append(f"only {int(usable.sum())} of {PIXELS} pixels work; the image is poor")
        if not usable.any():
            raise BadInput("NoISGRIEvents", f"window {events.swid} has no working pixel; leave it out")
        efficiency = module_times(events, gti, fraction).relative(ontime)
        patterns = [background.pattern(low, high) if background else None for low, high in bands]
        data = [
            Shadowgram(low, high, c, usable, live_time, CAMERA, pattern, efficiency)
            for (low, high), c, pattern in zip(bands, counts, patterns, strict=False)
        ]
        warnings += map_warnings(background, data, events.swid, events.revolution) if background else []
        warnings += [
            f"only {int(d.counts[usable].sum())} counts in {d.low_kev:g}-{d.high_kev:g} keV; fluxes are poor"
            for d in data
            if d.counts[usable].sum() < _LEAST_COUNTS
        ]
    with step("image"):
        sky = Field([ShadowgramFit(d, templates()) for d in data])
        candidates = Candidates(in_field(catalogue, events.attitude, CAMERA))
        left = find_sources(sky, candidates, threshold)
        warnings += [*candidates.warnings, *_ghost_warnings(sky, events)]
        bursts = find_bursts(events, usable, gti, fraction) if burst_search else []
    with step("clean"):
        images = [window_images(image, noise) for image, noise in zip(left, sky.noise, strict=True)]
        warnings += noise_warnings(sky)
        # The share of the whole detector that saw a direction, dead pixels counted out.
        exposure = coded_map(CAMERA, data[0].exposed) * np.float32(data[0].exposed_s)
    return IsgriWindow(INSTRUMENT, events, gti, fraction, exposure, sky, images, warnings, bursts=bursts, events=events)


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
