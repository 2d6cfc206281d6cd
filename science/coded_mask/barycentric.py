"""Barycentric light curves and events: what stages of imagers do when a caller asks for them."""

from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit import BadInput, Unit
from mesh.kit.ogip.observation import table
from science.coded_mask.window_curves import SourceCurves
from science.timing.barycentre import EPHEMERIS, barycentric_s
from science.timing.orbit import FARTHEST_S, Orbit, joined, read_orbit

ORBIT = "ORBIT"


def unit_orbit(unit: Unit, events: Path, time_s: NDArray[np.float64]) -> Orbit | None:
    """Return the orbit of the window of a unit that asks for barycentric times, where the archive has one.

    Args:
        unit: is warned where the orbit is missing, cannot be read, or does not cover the window.
        events: an event file of the window.
        time_s: times that are to be covered, seconds (TT) since MJD 51544.
    """
    bound = f"the Earth's centre is taken for it, so that barycentric times may be off by up to {FARTHEST_S} s"
    paths = [path for entry in unit.inputs("orbit") for path in entry.paths]
    if not paths:
        unit.warn(
            "the archive has no orbit (sc_orbit_param.fits) of this window, so that where the spacecraft was is not "
            f"known; {bound}"
        )
        return None
    try:
        orbit = read_orbit(paths[0], events)
    except BadInput as error:
        unit.warn(f"{error.text}; {bound}")
        return None
    missed = float(np.mean(~orbit.covers(time_s))) if time_s.size else 0.0
    if missed > 0.0:
        unit.warn(f"the orbit of this window does not cover {100 * missed:.3g} % of its time; there {bound}")
    return orbit


def orbit_hdu(orbit: Orbit) -> fits.BinTableHDU:
    """Return the orbit as a table that a later stage reads."""
    column = fits.Column
    places = [column(f"{axis}POS", "1D", unit="km", array=orbit.km[:, number]) for number, axis in enumerate("XYZ")]
    return table(ORBIT, [column("TIME", "1D", unit="s", array=orbit.time_s), *places], [])


def asked(unit: Unit) -> bool:
    """Say whether a unit is to give barycentric times."""
    return bool(unit.parameters.get("barycentre", False))


def as_asked(unit: Unit, sources: list[SourceCurves], products: Iterable[Path]) -> tuple[list[SourceCurves], str]:
    """Return light curves with the times that a unit is to give, and the ephemeris of barycentric ones, else nothing.

    Args:
        unit: that merges light curves.
        sources: with times at the spacecraft.
        products: of the windows, with their orbits.
    """
    if not asked(unit):
        return sources, ""
    orbit = joined([kept for path in products if (kept := kept_orbit(path)) is not None])
    return [to_barycentre(source, orbit) for source in sources], EPHEMERIS


def kept_orbit(path: Path) -> Orbit | None:
    """Return the orbit that a product of a window holds, if it holds one."""
    with fits.open(path, memmap=False) as hdus:
        if ORBIT not in hdus:
            return None
        rows = hdus[ORBIT].data
        places = np.stack([np.asarray(rows[f"{axis}POS"], np.float64) for axis in "XYZ"], axis=-1)
        return Orbit(np.asarray(rows["TIME"], np.float64), places)


def to_barycentre(source: SourceCurves, orbit: Orbit | None) -> SourceCurves:
    """Return the light curves of a source with times and good times at the barycentre; lengths of bins stay."""
    curves = [
        (band, replace(curve, time_s=barycentric_s(curve.time_s, source.ra, source.dec, orbit)))
        for band, curve in source.curves
    ]
    good = barycentric_s(source.good_times_s, source.ra, source.dec, orbit)
    return replace(source, curves=curves, good_times_s=good)
