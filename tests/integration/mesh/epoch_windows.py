"""Short windows of an early epoch in the archive of the mesh under test: just enough for a map of their background."""

from dataclasses import replace
from pathlib import Path

import numpy as np

from services.isgri.simulator.detector import draw_state
from services.isgri.simulator.scenarios import GALACTIC_CENTRE_SKY, dither
from services.isgri.simulator.window import simulate_window
from tests.simulated_once import simulated_once

WINDOWS = [f"0100{number:04d}0010.001" for number in range(1, 12)]
EPOCH = "epoch-0100-0119"
_YEARS_BEFORE_DAYS = 5590.0
_PROGRAMS = ("services/isgri/simulator", "mesh/testing/archive", "tests/integration/mesh/epoch_windows.py")


def observe_an_epoch(root: Path) -> None:
    """Simulate the events where they are not there yet; pixels scatter by 18.6 %."""

    def simulate() -> None:
        detector = draw_state(np.random.default_rng(100), pixel_spread=0.186)
        for scw, pointing in zip(WINDOWS, dither(len(WINDOWS)), strict=True):
            early = replace(pointing, scw=scw, t_start_ijd=pointing.t_start_ijd - _YEARS_BEFORE_DAYS)
            file = root / "scw" / scw[:4] / scw / "isgri_events.fits"
            file.parent.mkdir(parents=True, exist_ok=True)
            simulate_window(file, early, GALACTIC_CENTRE_SKY, seed=100, exposure_s=300.0, detector=detector)

    simulated_once(root, "epoch", _PROGRAMS, simulate)
