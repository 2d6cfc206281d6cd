"""What one window shows of each pixel's background, and all together.

Stages ``pixel_background`` and ``background_map`` do so for windows that a caller names, ``epoch_background`` and
``epoch_map`` for those that the mesh chooses of an epoch.
"""

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

import numpy as np

from mesh.kit import BadInput, Unit
from mesh.kit.provenance import write_fits
from science.coded_mask.catalogue import CatalogueSource, known_sources
from science.coded_mask.fit import Shadowgram, ShadowgramFit
from science.coded_mask.geometry import Attitude
from science.coded_mask.source_list import WindowSource, window_sources
from science.coded_mask.window_product import read_window
from services.isgri.analysis.background import templates
from services.isgri.analysis.background_file import BACKGROUND_FILE, background_hdus, given_background, read_background
from services.isgri.analysis.background_map import GOOD_ERROR, GROUPS_KEV, SAME_EPOCH, BackgroundMap, added, empty_map
from services.isgri.analysis.camera import CAMERA, isgri_camera
from services.isgri.analysis.detector import SHAPE
from services.isgri.analysis.exposed_window import ExposedWindow, expose
from services.isgri.analysis.image_stage import SKY_FILE, dead_time_file, event_file
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.shadowgram import shadowgrams
from services.isgri.analysis.window import image_window


def run_pixel_background(unit: Unit) -> None:
    """Fit the sources of a window's image in every energy group and write what is left; ``isgri_background.fits``."""
    (entry,) = unit.inputs("image")
    image = read_window(entry.path(SKY_FILE), unit.label, INSTRUMENT, isgri_camera)
    known = [CatalogueSource(source.name, source.ra, source.dec) for source in image.sources]
    window = expose(event_file(unit), unit.step, known, dead_time_file(unit))
    _subtract(unit, window, image.sources)
    for warning in window.warnings:
        unit.warn(warning)


def run_epoch_background(unit: Unit) -> None:
    """Search a window of an epoch for sources and write what is left without them; ``isgri_background.fits``."""
    catalogue = known_sources(unit, INSTRUMENT)
    window = expose(event_file(unit), unit.step, catalogue, dead_time_file(unit))
    found = image_window(
        window,
        [(float(low), float(high)) for low, high in unit.parameters["bands"]],
        catalogue,
        float(unit.parameters["detection_threshold"]),
        burst_search=False,
        step=unit.step,
        background=None,
    )
    _subtract(unit, window, window_sources(found.sky, window.events.attitude))
    for warning in found.warnings:
        unit.warn(warning)


def _subtract(unit: Unit, window: ExposedWindow, sources: Sequence[WindowSource]) -> None:
    with unit.step("subtract"):
        groups, efficiency = list(pairwise(GROUPS_KEV)), window.efficiency()
        data = [
            Shadowgram(low, high, counts, window.usable, window.live_time_s, CAMERA, efficiency=efficiency)
            for (low, high), counts in zip(groups, shadowgrams(window.events, window.used, groups), strict=True)
        ]
        attitude, revolution = window.events.attitude, window.events.revolution
        found = window_background(data, attitude, sources, revolution, unit.label)
        write_fits(unit, BACKGROUND_FILE, background_hdus(found))
    unit.summary(
        background_counts=[round(float(group.sum()), 1) for group in found.counts],
        validation=window.events.validation.report,
    )


def window_background(
    data: Sequence[Shadowgram],
    attitude: Attitude,
    sources: Sequence[WindowSource],
    revolution: int,
    label: str,
) -> BackgroundMap:
    """Return what one window adds to a map.

    Args:
        data: shadowgram of each group.
        attitude: of the window.
        sources: of the window; their fluxes are fitted anew in each group.
        revolution: of the window.
        label: of the window.
    """
    tangents = [attitude.tangents(source.ra, source.dec) for source in sources]
    shadows = [CAMERA.illumination(float(tz), float(ty)) for tz, ty in tangents if np.isfinite(tz)]
    counts, smooth, variance = (np.zeros((len(data), *SHAPE)) for _ in range(3))
    for group, shadowgram in enumerate(data):
        if not shadowgram.counts[shadowgram.live].any():
            continue
        fit = ShadowgramFit(shadowgram, templates())
        for shadow in shadows:
            fit.add(shadow)
        fit.fit()
        level = np.maximum(fit.background, 0.0)
        counts[group] = fit.on_detector(np.where(level > 0.0, fit.residual + fit.background, 0.0))
        smooth[group] = fit.on_detector(level)
        variance[group] = fit.on_detector(np.where(level > 0.0, fit.variance, 0.0))
    return BackgroundMap(counts, smooth, variance, (label,), (revolution, revolution))


def run_background_map(unit: Unit) -> None:
    """Add the windows of a job to the maps that the caller names, each window once."""
    with unit.step("map"):
        earlier = given_background(unit) or empty_map()
        paths = {entry.label: entry.path(BACKGROUND_FILE) for entry in unit.inputs("pixel_background")}
        known = {window.split(".")[0] for window in earlier.windows}  # whatever its version
        new = {label: path for label, path in paths.items() if label.split(".")[0] not in known}
        if len(new) < len(paths):
            unit.warn(f"{len(paths) - len(new)} windows are in the earlier maps already and were not added again")
        if not new:
            raise BadInput("EmptyBackground", "no window adds anything to the background map; ask for other windows")
        total = _summed(earlier, list(new.values()))
        write_fits(unit, BACKGROUND_FILE, background_hdus(total))
    errors = total.errors()
    if max(errors) > GOOD_ERROR:
        unit.warn(
            f"{sum(error > GOOD_ERROR for error in errors)} of {len(errors)} energy groups are known to worse than "
            f"{GOOD_ERROR:.0%} per pixel; add further windows"
        )
    first, last = total.revolutions
    if last - first > SAME_EPOCH:
        unit.warn(
            f"the map mixes revolutions {first} to {last}: pixels and thresholds change within {SAME_EPOCH}; "
            "make a map of each epoch"
        )
    _summarise(unit, total)


def run_epoch_map(unit: Unit) -> None:
    """Add the windows that stand for an epoch to the map of it."""
    with unit.step("map"):
        paths = [entry.path(BACKGROUND_FILE) for entry in unit.inputs("epoch_background")]
        total = _summed(empty_map(), paths)
        write_fits(unit, BACKGROUND_FILE, background_hdus(total))
    _summarise(unit, total)


def _summarise(unit: Unit, total: BackgroundMap) -> None:
    unit.summary(
        windows=len(total.windows),
        revolutions=list(total.revolutions),
        groups=[
            {"e_min": low, "e_max": high, "pixel_error": round(error, 5)}
            for (low, high), error in zip(pairwise(GROUPS_KEV), total.errors(), strict=True)
        ],
    )


def _summed(total: BackgroundMap, paths: Sequence[Path]) -> BackgroundMap:
    for path in paths:  # one at a time: a map takes 5 MB
        total = added([total, read_background(path)])
    return total
