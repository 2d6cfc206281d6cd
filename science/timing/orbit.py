"""Where the spacecraft was: the orbit that the archive keeps beside the data of a science window."""

import warnings
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning
from numpy.typing import NDArray

from mesh.kit import BadInput
from mesh.kit.ogip.observation import DAY_S
from science.timing.on_board_time import OBT_S, on_board_units, window_start

FARTHEST_S = 0.54
"""Light travel time between the Earth's centre and the apogee, 160 000 km: what an unknown place is off by at most."""
_TABLE = "INTL-ORBI-SCP"
_REACH_S = 60.0
"""A place is used so long before the first and after the last row."""

Array = NDArray[np.float64]


@dataclass(frozen=True)
class Orbit:
    """Places of the spacecraft: ``time_s``, shape (n,), ascending seconds (TT) since MJD 51544; ``km``, shape (n, 3).

    Places are equatorial (J2000), from the Earth's centre.
    """

    time_s: Array
    km: Array

    def at(self, time_s: Array) -> Array:
        """Return places in km, shape (..., 3); the Earth's centre where the orbit is not known."""
        places = np.stack([np.interp(time_s, self.time_s, axis) for axis in self.km.T], axis=-1)
        return np.where(self.covers(time_s)[..., None], places, 0.0)

    def covers(self, time_s: Array) -> NDArray[np.bool_]:
        """Say for each time whether the orbit is known: a row lies close before it and another close after it."""
        after = np.searchsorted(self.time_s, time_s)
        earlier = self.time_s[np.clip(after - 1, 0, self.time_s.size - 1)]
        later = self.time_s[np.clip(after, 0, self.time_s.size - 1)]
        known: NDArray[np.bool_] = (np.abs(time_s - earlier) <= _REACH_S) & (np.abs(later - time_s) <= _REACH_S)
        return known


def read_orbit(path: Path, events: Path) -> Orbit:
    """Return the orbit of a science window.

    Args:
        path: its INTL-ORBI-SCP table (``sc_orbit_param.fits``), which counts on-board time alone.
        events: an event file of the same window, whose header tells that time and IJD of its start.

    Raises:
        BadInput: BadOrbit: the file is damaged, of other units, or the event file does not tell its on-board time.
    """
    try:
        start_obt, start_ijd = window_start(events)
        with warnings.catch_warnings(), fits.open(path, memmap=False) as hdus:
            # Odd header cards are no harm; a file that is cut lacks its table or rows.
            warnings.simplefilter("ignore", AstropyUserWarning)
            table = hdus[_TABLE]
            if any(str(table.columns[f"{axis}POS"].unit).strip() != "km" for axis in "XYZ"):
                raise ValueError("its places are not in km")
            obt = on_board_units(table.data["OB_TIME"]) - start_obt
            places = np.stack([np.asarray(table.data[f"{axis}POS"], np.float64) for axis in "XYZ"], axis=-1)
    except (OSError, EOFError, zlib.error, KeyError, ValueError, TypeError, IndexError) as error:
        raise BadInput("BadOrbit", f"{path.name} cannot be used as orbit of this window: {error}") from error
    time: Array = start_ijd * DAY_S + obt.astype(np.float64) * OBT_S
    good = np.isfinite(places).all(axis=1) & (np.abs(places).sum(axis=1) > 0.0)
    order = np.flatnonzero(good)[np.argsort(time[good], kind="stable")]
    if not order.size:
        raise BadInput("BadOrbit", f"{path.name} tells no place of the spacecraft")
    return Orbit(time[order], places[order])


def joined(orbits: Sequence[Orbit]) -> Orbit | None:
    """Return the orbit of several windows, None for none."""
    if not orbits:
        return None
    time = np.concatenate([orbit.time_s for orbit in orbits])
    km = np.concatenate([orbit.km for orbit in orbits])
    order = np.argsort(time, kind="stable")
    return Orbit(time[order], km[order])
