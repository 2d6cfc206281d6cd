"""Monte Carlo of JEM-X: photons traced through the hexagonal mask and the collimator, gas detector, archive files.

It shares no projection or mask-shadow code with the analysis, so that each can show the other's errors. What is not
known of the instrument in public (lattice and orientation of the mask, formats of event columns) is chosen here as the
analysis's model file says; a test holds the two together.
"""

from services.jemx.simulator.detector import DetectorState, draw_state
from services.jemx.simulator.sky import SkySource
from services.jemx.simulator.window import simulate_window

__all__ = ["DetectorState", "SkySource", "draw_state", "simulate_window"]
