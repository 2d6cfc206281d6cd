"""Analysis of one science window: from the event file to fitted sources and images of every band."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from isgri_analysis.background import templates
from isgri_analysis.bursts import Burst, find_bursts
from isgri_analysis.catalogue import CatalogueSource, in_field
from isgri_analysis.detector import PIXELS
from isgri_analysis.events import Events, read_events
from isgri_analysis.field import Field
from isgri_analysis.fit import Shadowgram, ShadowgramFit
from isgri_analysis.live_time import good_times, inside, live_fraction
from isgri_analysis.search import Candidates, find_sources
from isgri_analysis.shadowgram import shadowgrams, usable_pixels
from isgri_analysis.sky_map import SkyMap, coded_map, matched_map, noise_scale
from mesh.kit import BadInput

Step = Callable[[str], AbstractContextManager[None]]

_ALL_ENERGIES = (0.0, 2000.0)
_LEAST_PIXELS = 0.2
_LEAST_COUNTS = 200.0


@dataclass(frozen=True)
class WindowImages:
    """Maps of one band on the pixel pitch (counts/s), and the measured width of the residual significance."""

    residual: SkyMap
    noise: float
    residual_std: float


@dataclass
class WindowResult:
    """Everything that was found in one window."""

    events: Events
    gti: NDArray[np.float64]
    live_fraction: float
    exposure_map_s: NDArray[np.float32]
    sky: Field
    images: list[WindowImages]
    bursts: list[Burst] = field(default_factory=list)
    warnings: list[str] = field(default_factory=list)

    @property
    def ontime_s(self) -> float:
        """Sum of the good time intervals."""
        return float(np.diff(self.gti, axis=1).sum())

    @property
    def live_time_s(self) -> float:
        """Exposure corrected for dead time."""
        return self.ontime_s * self.live_fraction


def analyse_window(
    path: Path,
    bands: Sequence[tuple[float, float]],
    catalogue: Sequence[CatalogueSource],
    threshold: float,
    *,
    burst_search: bool,
    step: Step,
) -> WindowResult:
    """Analyse one science window.

    Args:
        path: ISDC event file.
        bands: energy bands, keV.
        catalogue: known sources, anywhere on the sky.
        threshold: significance from which new sources are accepted.
        burst_search: whether to search for bursts too.
        step: context manager that reports a step by name.

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
    live_time = float(np.diff(gti, axis=1).sum()) * fraction
    with step("shadowgram"):
        counts = shadowgrams(events, used, [*bands, _ALL_ENERGIES])
        usable = usable_pixels(counts[-1])
        if usable.sum() < _LEAST_PIXELS * PIXELS:
            warnings.append(f"only {int(usable.sum())} of {PIXELS} pixels work; the image is poor")
        if not usable.any():
            raise BadInput("NoISGRIEvents", f"{path.name} has no working pixel; leave this window out")
        data = [Shadowgram(low, high, c, usable, live_time) for (low, high), c in zip(bands, counts, strict=False)]
        warnings += [
            f"only {int(d.counts[usable].sum())} counts in {d.low_kev:g}-{d.high_kev:g} keV; fluxes are poor"
            for d in data
            if d.counts[usable].sum() < _LEAST_COUNTS
        ]
    with step("image"):
        sky = Field([ShadowgramFit(d, templates()) for d in data])
        candidates = Candidates(in_field(catalogue, events.attitude))
        find_sources(sky, candidates, threshold)
        warnings += [*candidates.warnings, *_ghost_warnings(sky, events)]
        bursts = find_bursts(events, usable, gti, fraction) if burst_search else []
    with step("clean"):
        images = [_images(fit, noise) for fit, noise in zip(sky.fits, sky.noise, strict=True)]
        warnings += _noise_warnings(sky)
        # The share of the whole detector that saw a direction, dead pixels counted out.
        exposure = coded_map(usable) * np.float32(live_time * usable.sum() / PIXELS)
    return WindowResult(events, gti, fraction, exposure, sky, images, bursts, warnings)


def _images(fit: ShadowgramFit, noise: float) -> WindowImages:
    residual = matched_map(fit)
    scaled = SkyMap(residual.flux, residual.sigma * np.float32(noise), residual.oversampling)
    return WindowImages(scaled, noise, noise_scale(scaled.significance))


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


def _noise_warnings(sky: Field) -> list[str]:
    return [
        f"the residual map of {fit.data.low_kev:g}-{fit.data.high_kev:g} keV is {noise:.2f} times wider than "
        f"its errors (chi2 per degree of freedom {fit.chi2_per_dof:.2f}), as without a map of the pixels' background; "
        "errors are scaled by this factor"
        for fit, noise in zip(sky.fits, sky.noise, strict=True)
        if noise > 1.0
    ]
