"""Ready-made archives: the field of the Galactic Centre, and an empty field for noise statistics."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from astropy.coordinates import SkyCoord

from mesh.testing.archive.pointing import Pointing, dithered
from mesh.testing.archive.windows import write_windows
from services.isgri.simulator.sky import SkySource
from services.isgri.simulator.window import OVERHEAD_S, simulate_window

GALACTIC_CENTRE_SKY: tuple[SkySource, ...] = (
    SkySource("1E 1740.7-2942", 265.9785, -29.7452, 60.0, 76.0),
    SkySource("4U 1700-377", 255.9865, -37.8441, 200.0, 147.0),
    SkySource("4U 1722-30", 261.8883, -30.8019, 30.0, 24.0),
    SkySource("GRS 1758-258", 270.3029, -25.7406, 60.0, 88.0),
    SkySource("GX 1+4", 263.0090, -24.7456, 70.0, 65.0),
    SkySource("GX 354-0", 262.9892, -33.8347, 60.0, 33.0),
    SkySource("GX 5-1", 270.2842, -25.0792, 80.0, 6.0),
    SkySource("SLX 1735-269", 264.5713, -26.9941, 20.0, 20.0),
)
"""Positions of the reference catalogue v43; fluxes of 20-200 mCrab, band ratios of the BAT 105-month survey."""

# Three degrees from Sgr A* towards 4U 1700-377: all eight sources lie within 10 deg, in the coded field.
_CENTRE = SkyCoord(l=357.0, b=0.3, unit="deg", frame="galactic").icrs


@dataclass(frozen=True)
class Scenario:
    """A kind of archive.

    Args:
        sky: its sources.
        help: one line for the reader.
    """

    sky: tuple[SkySource, ...]
    help: str


SCENARIOS: dict[str, Scenario] = {
    "galactic-centre": Scenario(GALACTIC_CENTRE_SKY, "eight sources of 20-200 mCrab around the Galactic Centre"),
    "empty": Scenario((), "the same pointings without any source, for noise statistics"),
}


def write_archive(
    directory: Path,
    scenario: str,
    *,
    scws: int,
    seed: int = 1,
    exposure_s: float = 2000.0,
    processes: int = 1,
    done: Callable[[str], None] = lambda scw: None,
) -> list[str]:
    """Write a simulated archive: event files and idx/scw/GNRL-SCWG-GRP-IDX.fits.

    Args:
        directory: root of the archive; made when missing.
        scenario: a key of SCENARIOS.
        scws: number of science windows, from 201600270010 on.
        seed: of all random draws; the same seed gives the same bytes.
        exposure_s: good time of each window [s].
        processes: windows simulated at the same time.
        done: called with each identifier as it is written.

    Returns:
        identifiers in time order.

    Raises:
        ValueError: unknown scenario, or no windows asked for.
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"no scenario '{scenario}'; there are {', '.join(sorted(SCENARIOS))}")
    simulate = partial(_simulate, sky=SCENARIOS[scenario].sky, seed=seed, exposure_s=exposure_s)
    return write_windows(
        directory,
        dither(scws, exposure_s),
        exposure_s + OVERHEAD_S,
        simulate,
        processes=processes,
        done=done,
    )


def dither(count: int, exposure_s: float = 2000.0) -> list[Pointing]:
    """Pointings of a 5 x 5 dither around the field of the Galactic Centre; see ``mesh.testing.archive.pointing``.

    Args:
        count: number of pointings, from 201600270010 on; later revolutions follow when one is full.
        exposure_s: good time of each window [s].
    """
    return dithered(float(_CENTRE.ra.deg), float(_CENTRE.dec.deg), count, exposure_s + OVERHEAD_S)


def _simulate(folder: Path, pointing: Pointing, sky: Sequence[SkySource], seed: int, exposure_s: float) -> None:
    """Write the event file of one window."""
    simulate_window(folder / "isgri_events.fits.gz", pointing, sky, seed=seed, exposure_s=exposure_s)
