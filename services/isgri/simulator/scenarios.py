"""Ready-made archives: the field of the Galactic Centre, and an empty field for noise statistics."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from astropy.coordinates import SkyCoord, get_sun
from astropy.time import Time
from astropy.units import deg

from mesh.archive.times import IJD_OFFSET, ijd_from_utc
from services.isgri.simulator.attitude import direction, radec
from services.isgri.simulator.index import write_index
from services.isgri.simulator.sky import Pointing, SkySource
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
_CENTRE_L, _CENTRE_B = 357.0, 0.3
_STEP_DEG = 2.17
_PATTERN_TURN_DEG = 17.0  # every 25 pointings the pattern is turned, as the observatory does since 2007
_CADENCE_S, _SLEW_S = 2150.0, 130.0  # from start to start; longer windows make it longer
# Revolution 2016 by its start and period; science begins outside the radiation belts.
_REVOLUTION, _REVOLUTION_START, _REVOLUTION_D = 2016, "2018-10-28T03:45:00", 2.65916
_FIRST_POINTING = 27
_BELTS_S = 28800.0


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
    pointings = dither(scws, exposure_s)
    sky = SCENARIOS[scenario].sky
    tasks = [(directory, pointing, sky, seed, exposure_s) for pointing in pointings]
    if processes == 1:
        for task in tasks:
            done(_simulate(task))
    else:
        # Fresh processes: forking a process that has threads can hang.
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            for scw in pool.map(_simulate, tasks):
                done(scw)
    write_index(directory / "idx" / "scw" / "GNRL-SCWG-GRP-IDX.fits", pointings, exposure_s + OVERHEAD_S)
    return [pointing.scw for pointing in pointings]


def dither(count: int, exposure_s: float = 2000.0) -> list[Pointing]:
    """Pointings of a 5 x 5 dither of 2.17 deg steps, nearest to the centre first, the Sun in the X-Z plane.

    Args:
        count: number of pointings, from 201600270010 on; later revolutions follow when one is full.
        exposure_s: good time of each window [s].

    Raises:
        ValueError: count below 1, or an exposure that fits no 27 pointings into a revolution.
    """
    if count < 1:
        raise ValueError("an archive needs at least one science window")
    cadence_s = max(_CADENCE_S, exposure_s + OVERHEAD_S + _SLEW_S)
    per_revolution = int((_REVOLUTION_D * 86400.0 - _BELTS_S) / cadence_s)
    if per_revolution < _FIRST_POINTING:
        raise ValueError(f"{exposure_s:g} s is too long: a revolution must hold {_FIRST_POINTING} pointings")
    centre = SkyCoord(l=_CENTRE_L, b=_CENTRE_B, unit="deg", frame="galactic").icrs
    offsets = _dither_offsets()
    pointings = []
    for number in range(count):
        later, in_revolution = divmod(_FIRST_POINTING - 1 + number, per_revolution)
        start = ijd_from_utc(_REVOLUTION_START) + later * _REVOLUTION_D
        start += (_BELTS_S + in_revolution * cadence_s) / 86400.0
        pattern, place = divmod(number, len(offsets))
        angle = np.radians(pattern * _PATTERN_TURN_DEG)
        east, north = offsets[place]
        turned = (east * np.cos(angle) - north * np.sin(angle), east * np.sin(angle) + north * np.cos(angle))
        place_on_sky = centre.spherical_offsets_by(turned[0] * deg, turned[1] * deg)
        scw = f"{_REVOLUTION + later:04d}{in_revolution + 1:04d}0010.001"
        pointings.append(_sun_pointed(scw, float(place_on_sky.ra.deg), float(place_on_sky.dec.deg), start))
    return pointings


def _dither_offsets() -> list[tuple[float, float]]:
    """List the 25 offsets of the pattern [deg east, deg north], from the centre outwards."""
    grid = [(float(i), float(j)) for i in range(-2, 3) for j in range(-2, 3)]
    grid.sort(key=lambda p: (max(abs(p[0]), abs(p[1])), np.arctan2(p[1], p[0])))
    return [(_STEP_DEG * i, _STEP_DEG * j) for i, j in grid]


def _sun_pointed(scw: str, ra: float, dec: float, start_ijd: float) -> Pointing:
    """Point X at a direction and Z as near to the Sun as it goes: the solar panels turn about Y only."""
    sun = get_sun(Time(start_ijd + IJD_OFFSET, format="mjd", scale="tt"))
    x_axis = direction(ra, dec)
    to_sun = direction(float(sun.ra.deg), float(sun.dec.deg))
    ra_z, dec_z = radec(to_sun - (to_sun @ x_axis) * x_axis)
    return Pointing(scw, ra, dec, ra_z, dec_z, start_ijd)


def _simulate(task: tuple[Path, Pointing, Sequence[SkySource], int, float]) -> str:
    """Write one window of an archive; returns its identifier."""
    directory, pointing, sky, seed, exposure_s = task
    folder = directory / "scw" / pointing.swid[:4] / f"{pointing.swid}.{pointing.version}"
    simulate_window(folder / "isgri_events.fits.gz", pointing, sky, seed=seed, exposure_s=exposure_s)
    return pointing.scw
