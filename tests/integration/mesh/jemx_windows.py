"""JEM-X events in two windows of the archive of the mesh under test; the second has none of unit 2."""

from pathlib import Path

from services.isgri.simulator.scenarios import GALACTIC_CENTRE_SKY, dither
from services.isgri.simulator.spectra import source_spectrum
from services.jemx.simulator import SkySource, simulate_window
from tests.simulated_once import simulated_once

JOINT = next(one for one in GALACTIC_CENTRE_SKY if one.name == "GX 354-0")
JOINT_INDEX = source_spectrum(JOINT).index
"""Photon index of the source that both imagers see, in ISGRI and so in JEM-X."""
JEMX_SKY = (
    SkySource("4U 1700-377", 255.9865, -37.8441, 400.0),
    SkySource(JOINT.name, JOINT.ra, JOINT.dec, 300.0, JOINT_INDEX),
)
_UNITS = ((1, 2), (1,))
_PROGRAMS = (
    "services/jemx/simulator",
    "services/isgri/simulator/scenarios.py",
    "mesh/testing/archive",
    "tests/integration/mesh/jemx_windows.py",
)


def observe_with_jemx(root: Path) -> None:
    """Simulate the events where they are not there yet: the windows that ISGRI has too."""

    def simulate() -> None:
        for pointing, units in zip(dither(len(_UNITS)), _UNITS, strict=True):
            folder = root / "scw" / pointing.swid[:4] / pointing.scw
            simulate_window(folder, pointing, JEMX_SKY, seed=1, exposure_s=500.0, units=units)

    simulated_once(root, "jemx", _PROGRAMS, simulate)
