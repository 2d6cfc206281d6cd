"""Ready-made JEM-X archives: the Crab, the Galactic Centre, and an empty field for noise statistics."""

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from mesh.testing.archive.pointing import dithered
from mesh.testing.archive.windows import write_windows
from services.jemx.simulator.sky import SkySource
from services.jemx.simulator.window import OVERHEAD_S, simulate_window

_GALACTIC_CENTRE = (
    SkySource("1E 1740.7-2942", 265.9785, -29.7452, 30.0, 1.6),
    SkySource("GX 3+1", 266.9833, -26.5637, 200.0, 2.2),
    SkySource("1A 1743-288", 266.7600, -28.8835, 20.0, 2.0),
    SkySource("SLX 1744-299", 266.8581, -30.0445, 40.0, 2.2),
    SkySource("GX 5-1", 270.2842, -25.0792, 900.0, 2.4),
    SkySource("GRS 1758-258", 270.3029, -25.7406, 30.0, 1.7),
)


@dataclass(frozen=True)
class Scenario:
    """A kind of archive: its sources, the centre of the dither (J2000 degrees), and one line for the reader."""

    sky: tuple[SkySource, ...]
    ra: float
    dec: float
    help: str


SCENARIOS: dict[str, Scenario] = {
    "jemx-crab": Scenario((SkySource("Crab", 83.6332, 22.0145, 1000.0),), 83.6332, 22.0145, "the Crab, both units"),
    "jemx-galactic-centre": Scenario(_GALACTIC_CENTRE, 266.8, -28.6, "six sources of 20-900 mCrab, both units"),
    "jemx-empty": Scenario((), 180.0, 60.0, "no source, for noise statistics"),
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
    chosen = SCENARIOS[scenario]
    return write_windows(
        directory,
        dithered(chosen.ra, chosen.dec, scws, exposure_s + OVERHEAD_S),
        exposure_s + OVERHEAD_S,
        partial(simulate_window, sky=chosen.sky, seed=seed, exposure_s=exposure_s),
        processes=processes,
        done=done,
    )
