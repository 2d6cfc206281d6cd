"""Simulated event files for spectra and light curves: photons traced by the simulator, never the analysis' own PIF."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from itertools import pairwise
from pathlib import Path

import numpy as np

from science.coded_mask.extraction import Target
from science.coded_mask.fit import Shadowgram
from services.isgri.analysis.background_map import GROUPS_KEV, BackgroundMap
from services.isgri.analysis.background_stage import window_background
from services.isgri.analysis.camera import CAMERA
from services.isgri.analysis.detector import SHAPE, module_map
from services.isgri.analysis.exposed_window import ExposedWindow, expose
from services.isgri.analysis.shadowgram import shadowgrams
from services.isgri.simulator import Pointing, SkySource
from services.isgri.simulator.detector import DetectorState
from services.isgri.simulator.window import simulate_window

CENTRE = (83.633, 22.0145)
_START_IJD = 6876.5
_CADENCE_S = 2150.0


def pointing(number: int, east_deg: float = 0.0, north_deg: float = 0.0) -> Pointing:
    """Return the pointing of window *number*, off the centre by some degrees; Z is north."""
    ra = CENTRE[0] + east_deg / np.cos(np.radians(CENTRE[1]))
    dec = CENTRE[1] + north_deg
    start = _START_IJD + number * _CADENCE_S / 86400.0
    return Pointing(f"2016{number + 1:04d}0010.001", ra, dec, (ra + 180.0) % 360.0, 90.0 - dec, start)


def untold(name: str) -> AbstractContextManager[None]:
    """Report no step."""
    del name
    return nullcontext()


def window(  # noqa: PLR0917
    directory: Path,
    at: Pointing,
    sky: Sequence[SkySource],
    seed: int,
    exposure_s: float = 2000.0,
    detector: DetectorState | None = None,
) -> ExposedWindow:
    """Simulate one window and make it ready for extraction; the event file is not kept."""
    path = directory / f"{at.scw}.fits"
    simulate_window(path, at, sky, seed=seed, exposure_s=exposure_s, detector=detector)
    ready = expose(path, untold)
    path.unlink()
    return ready


def targets(sky: Sequence[SkySource]) -> list[Target]:
    """Return the true places of sources."""
    return [Target(source.name, source.ra, source.dec) for source in sky]


def epoch_map(rng: np.random.Generator, like: ExposedWindow, detector: DetectorState, windows: int) -> BackgroundMap:
    """Draw the map of so many other windows of empty fields, as the stage of an epoch makes it.

    Args:
        rng: source of random numbers.
        like: an empty window that is like them.
        detector: that saw them.
        windows: how many.
    """
    level = np.zeros(SHAPE)
    level[module_map() >= 0] = detector.background.ravel()
    level *= like.usable
    groups = list(pairwise(GROUPS_KEV))
    data = [
        Shadowgram(
            *group, rng.poisson(windows * counts.sum() * level / level.sum()).astype(float), like.usable, 1.0, CAMERA
        )
        for group, counts in zip(groups, shadowgrams(like.events, like.used, groups), strict=True)
    ]
    return window_background(data, like.events.attitude, [], like.events.revolution, "201500010010.001")
