"""Ready-made archives: the Galactic Centre, an empty field for noise statistics, and the days of GW170817."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from astropy.coordinates import SkyCoord

from mesh.archive.times import ijd_from_utc
from mesh.testing.archive.pointing import Pointing, dithered, sun_pointed
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


_SLEW_D = 130.0 / 86400.0


@dataclass(frozen=True)
class Scenario:
    """A kind of archive.

    Args:
        sky: its sources.
        help: one line for the reader.
    """

    sky: tuple[SkySource, ...]
    help: str
    pointings: Callable[[int, float], list[Pointing]]
    """From number and good time [s] of the windows to where they point."""


_AT_MERGER, _AT_HOST = (36.25, -49.80), (197.45, -23.38)
"""Where the X axis pointed on 2017-08-17, and AT 2017gfo."""


def dither(count: int, exposure_s: float = 2000.0) -> list[Pointing]:
    """Pointings of a 5 x 5 dither around the field of the Galactic Centre; see ``mesh.testing.archive.pointing``.

    Args:
        count: number of pointings, from 201600270010 on; later revolutions follow when one is full.
        exposure_s: good time of each window [s].
    """
    return dithered(float(_CENTRE.ra.deg), float(_CENTRE.dec.deg), count, exposure_s + OVERHEAD_S)


def after_gw170817(count: int, exposure_s: float = 2000.0) -> list[Pointing]:
    """Return the window in which GW170817 merged, far off axis, then windows at AT 2017gfo from 19.5 h later on.

    Args:
        count: number of windows.
        exposure_s: good time of each [s].
    """
    length_d = (exposure_s + OVERHEAD_S) / 86400.0
    merger, follow_up = ijd_from_utc("2017-08-17T12:41:04.430"), ijd_from_utc("2017-08-18T08:11:00")
    windows = [sun_pointed("185100400010.001", *_AT_MERGER, merger - 0.5 * length_d)]
    for number in range(count - 1):
        start = follow_up + number * (length_d + _SLEW_D)
        windows.append(sun_pointed(f"1851{65 + number:04d}0010.001", *_AT_HOST, start))
    return windows


SCENARIOS: dict[str, Scenario] = {
    "galactic-centre": Scenario(
        GALACTIC_CENTRE_SKY, "eight sources of 20-200 mCrab around the Galactic Centre", dither
    ),
    "empty": Scenario((), "the same pointings without any source, for noise statistics", dither),
    "gw170817": Scenario(
        (),
        "no source: the window of GW170817, the others at AT 2017gfo from 19.5 h later on",
        after_gw170817,
    ),
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
        scws: number of science windows.
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
        SCENARIOS[scenario].pointings(scws, exposure_s),
        exposure_s + OVERHEAD_S,
        simulate,
        processes=processes,
        done=done,
    )


def _simulate(folder: Path, pointing: Pointing, sky: Sequence[SkySource], seed: int, exposure_s: float) -> None:
    """Write the event file of one window."""
    simulate_window(folder / "isgri_events.fits.gz", pointing, sky, seed=seed, exposure_s=exposure_s)
