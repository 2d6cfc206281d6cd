"""Simulated event files for spectra and light curves: photons traced by the simulator, never the analysis' own PIF."""

from collections.abc import Sequence
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path

import numpy as np

from science.coded_mask.extraction import Target
from services.isgri.analysis.exposed_window import ExposedWindow, expose
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
