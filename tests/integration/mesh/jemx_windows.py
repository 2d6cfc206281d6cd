"""JEM-X events in two windows of the archive of the mesh under test; the second has none of unit 2."""

from pathlib import Path

from services.isgri.simulator.scenarios import dither
from services.jemx.simulator import SkySource, simulate_window

JEMX_SKY = (SkySource("4U 1700-377", 255.9865, -37.8441, 400.0), SkySource("GX 354-0", 262.9892, -33.8347, 300.0))
_UNITS = ((1, 2), (1,))


def observe_with_jemx(root: Path) -> None:
    """Simulate the events where they are not there yet: the windows that ISGRI has too."""
    for pointing, units in zip(dither(len(_UNITS)), _UNITS, strict=True):
        folder = root / "scw" / pointing.swid[:4] / pointing.scw
        if not (folder / "jmx1_events.fits.gz").exists():
            simulate_window(folder, pointing, JEMX_SKY, seed=1, exposure_s=500.0, units=units)
