"""Reading of a JEM-X event file (JMXi-FULL-ALL and JMXi-GNRL-GTI)."""

import warnings
import zlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning
from numpy.typing import NDArray

from mesh.kit import BadInput
from mesh.kit.ogip.observation import DAY_S
from science.coded_mask.event_file import good_times, number
from science.coded_mask.geometry import Attitude
from services.jemx.analysis.grey_filter import ALL, GreyFilter
from services.jemx.analysis.instrument import instrument

_COLUMNS = ("PI", "DETX", "DETY", "STATUS", "TIME")
_FETCH = "fetch the file from the archive again"


@dataclass(frozen=True)
class Events:
    """Events of one unit in one science window.

    Times are seconds after ``tstart_ijd`` (TT) and ascend. ``z_mm`` and ``y_mm`` are places on the detector. ``gti``
    has shape (intervals, 2) and is None when the file has no good times, ``live_fraction`` the DEADC keyword or None.
    ``grey`` are the settings of the grey filter; without its column it accepted all.
    """

    unit: int
    swid: str
    revolution: int
    tstart_ijd: float
    tstop_ijd: float
    attitude: Attitude
    time_s: NDArray[np.float64]
    channel: NDArray[np.uint8]
    z_mm: NDArray[np.float64]
    y_mm: NDArray[np.float64]
    status: NDArray[np.int32]
    gti: NDArray[np.float64] | None
    live_fraction: float | None
    grey: GreyFilter
    slew: bool = False


def read_events(path: Path, unit: int) -> Events:
    """Read the event file of a unit.

    Raises:
        BadInput: NoJEMXEvents when there is nothing to analyse, ScWDataCorrupted when the file cannot be trusted.
    """
    name = f"JMX{unit}-FULL-ALL"
    try:
        with warnings.catch_warnings():
            # Odd header cards are no harm, a table that ends early is.
            warnings.simplefilter("ignore", AstropyUserWarning)
            warnings.filterwarnings("error", message=".*truncated.*", category=AstropyUserWarning)
            with fits.open(path, memmap=False) as hdus:
                if name not in [hdu.name for hdu in hdus]:
                    text = f"{path.name} has no {name} table: JEM-X {unit} took no full imaging data in this window"
                    raise BadInput("NoJEMXEvents", text)
                return _events(path.name, hdus[name], hdus, unit)
    except (OSError, EOFError, zlib.error, ValueError, TypeError, KeyError, IndexError, AstropyUserWarning) as error:
        raise BadInput("ScWDataCorrupted", f"{path.name} is damaged or truncated ({error}); {_FETCH}") from error


def _events(name: str, table: fits.BinTableHDU, hdus: fits.HDUList, unit: int) -> Events:
    header = table.header
    if not header.get("NAXIS2"):
        raise BadInput("NoJEMXEvents", f"{name} has an event table without rows: leave this window out")
    missing = [column for column in _COLUMNS if column not in table.columns.names]
    if missing:
        raise BadInput("ScWDataCorrupted", f"{name} lacks the columns {', '.join(missing)}; {_FETCH}")
    data = table.data
    keywords = [number(header, key) for key in ("RA_SCX", "DEC_SCX", "RA_SCZ", "DEC_SCZ", "TSTART")]
    if None in keywords:
        raise BadInput("ScWDataCorrupted", f"{name} states no attitude or no start; {_FETCH}")
    ra_x, dec_x, ra_z, dec_z, tstart = (float(value or 0.0) for value in keywords)
    time = (np.asarray(data["TIME"], np.float64) - tstart) * DAY_S
    y, z = np.asarray(data["DETX"], np.float64), np.asarray(data["DETY"], np.float64)
    good = np.isfinite(time) & np.isfinite(y) & np.isfinite(z)
    if not good.any():
        raise BadInput("ScWDataCorrupted", f"{name} has no event with a valid time and place; {_FETCH}")
    order = np.flatnonzero(good)
    if np.any(np.diff(time[order]) < 0.0):
        order = order[np.argsort(time[order], kind="stable")]
    known = "GREY_FILTER" in table.columns.names
    setting = np.asarray(data["GREY_FILTER"], np.uint8) if known else np.full(time.size, ALL, np.uint8)
    swid = header.get("SWID")
    return Events(
        unit=unit,
        swid=swid if isinstance(swid, str) else "",
        revolution=int(number(header, "REVOL") or 0),
        tstart_ijd=tstart,
        tstop_ijd=number(header, "TSTOP") or tstart + float(time[order[-1]]) / DAY_S,
        attitude=instrument(unit).attitude(ra_x, dec_x, ra_z, dec_z),
        time_s=time[order],
        channel=np.asarray(data["PI"], np.uint8)[order],
        z_mm=z[order],
        y_mm=y[order],
        status=np.asarray(data["STATUS"], np.int32)[order],
        gti=good_times([hdu for hdu in hdus if hdu.name == f"JMX{unit}-GNRL-GTI"], tstart, "MERGED"),
        live_fraction=number(header, "DEADC"),
        grey=GreyFilter(time[order], setting[order]),
        slew=header.get("SW_TYPE") == "SLEW",
    )
