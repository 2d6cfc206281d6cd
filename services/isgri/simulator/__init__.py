"""Monte Carlo of ISGRI: photons traced through the coded mask, background, telemetry, archive files.

It shares no projection or mask-shadow code with the analysis, so that each can show the other's errors.
"""

from mesh.testing.archive.pointing import Pointing
from services.isgri.simulator.detector import DetectorState, draw_state
from services.isgri.simulator.sky import Burst, Pulsation, SkySource
from services.isgri.simulator.window import simulate_window

__all__ = ["Burst", "DetectorState", "Pointing", "Pulsation", "SkySource", "draw_state", "simulate_window"]
