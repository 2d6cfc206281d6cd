"""Reading of an ISDC event file (isgri_events.fits, compressed or not)."""

import warnings
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.utils.exceptions import AstropyUserWarning
from isal import isal_zlib
from numpy.typing import NDArray

from mesh.kit import BadInput
from mesh.kit.ogip.observation import DAY_S
from science.coded_mask.event_file import good_times, number
from science.coded_mask.geometry import Attitude
from services.isgri.analysis.detector import SHAPE
from services.isgri.analysis.instrument import INSTRUMENT

_BLOCK = 2880
_GZIP = b"\x1f\x8b"
_BadGzip: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stub takes the class for an instance
_EVENTS, _GTI = "ISGR-EVTS-ALL", "IBIS-GNRL-GTI"
_COLUMNS = ("DETY", "DETZ", "ISGRI_ENERGY", "SELECT_FLAG", "TIME")
_FETCH = "fetch the file from the archive again"


@dataclass(frozen=True)
class Events:
    """Events and facts of one science window.

    Times are seconds after ``tstart_ijd`` (TT) and ascend.
    ``row`` and ``column`` are DETZ and DETY. ``noisy`` marks events of
    pixels that the on-ground processing flagged. ``gti`` has shape (intervals, 2) and is None when the file has no
    table of good times. ``live_fraction`` is the DEADC keyword, or None. ``slew`` says that the attitude changed.
    """

    swid: str
    tstart_ijd: float
    tstop_ijd: float
    attitude: Attitude
    time_s: NDArray[np.float64]
    energy_kev: NDArray[np.float32]
    row: NDArray[np.uint8]
    column: NDArray[np.uint8]
    noisy: NDArray[np.bool_]
    gti: NDArray[np.float64] | None
    live_fraction: float | None
    revolution: int
    slew: bool = False


def read_events(path: Path) -> Events:
    """Read an event file.

    Raises:
        BadInput: NoISGRIEvents when there is nothing to analyse, ScWDataCorrupted when the file cannot be trusted.
    """
    try:
        content = _content(path)
        if len(content) % _BLOCK:
            raise EOFError("the length is no whole number of FITS blocks")
        with fits.open(BytesIO(content), memmap=False) as hdus, warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyUserWarning)  # odd header cards; lengths are checked below
            names = [hdu.name for hdu in hdus]
            if _EVENTS not in names:
                raise BadInput(
                    "NoISGRIEvents",
                    f"{path.name} has no {_EVENTS} table: ISGRI took no data in this window, or this is no event "
                    "file of the archive; leave it out",
                )
            table = hdus[_EVENTS]
            if table.fileinfo()["datLoc"] + table.size > len(content):
                raise EOFError("the event table ends early")
            return _events(path.name, table, content, [hdu for hdu in hdus if hdu.name == _GTI])
    except (OSError, EOFError, _BadGzip, ValueError, TypeError, KeyError, IndexError) as error:
        raise BadInput("ScWDataCorrupted", f"{path.name} is damaged or truncated ({error}); {_FETCH}") from error


def _content(path: Path) -> bytes:
    """Return the file's bytes, decompressed in one go (many times faster than as a stream).

    Raises:
        EOFError: a compressed file ends early.
    """
    raw = path.read_bytes()
    if not raw.startswith(_GZIP):
        return raw
    parts = []
    while raw.startswith(_GZIP):
        member = isal_zlib.decompressobj(wbits=isal_zlib.MAX_WBITS | 16)
        parts.append(member.decompress(raw))
        if not member.eof:
            raise EOFError("the compressed data end early")
        raw = member.unused_data
    return b"".join(parts)


def _required(name: str, header: fits.Header, key: str) -> float:
    value = number(header, key)
    if value is None:
        raise BadInput("ScWDataCorrupted", f"{name} has no number in keyword {key}, which the analysis needs; {_FETCH}")
    return value


def _events(name: str, table: Any, content: bytes, gti_tables: list[Any]) -> Events:
    header = table.header
    rows = header.get("NAXIS2", 0)
    if rows == 0:
        raise BadInput(
            "NoISGRIEvents", f"{name} has an event table without rows: ISGRI took no data in this window; leave it out"
        )
    missing = [column for column in _COLUMNS if column not in table.columns.names]
    if missing:
        raise BadInput("ScWDataCorrupted", f"{name} lacks the columns {', '.join(missing)}; {_FETCH}")
    data = _rows(table, content)
    attitude = INSTRUMENT.attitude(
        *(_required(name, header, key) for key in ("RA_SCX", "DEC_SCX", "RA_SCZ", "DEC_SCZ"))
    )
    tstart = _required(name, header, "TSTART")
    time = (np.asarray(data["TIME"], np.float64) - tstart) * DAY_S
    row, column = np.asarray(data["DETZ"]), np.asarray(data["DETY"])
    good = np.isfinite(time) & (row < SHAPE[0]) & (column < SHAPE[1])
    if not good.any():
        raise BadInput("ScWDataCorrupted", f"{name} has no event with a valid time and place; {_FETCH}")
    if not good.all():
        time, row, column, data = time[good], row[good], column[good], data[good]
    if np.any(time[1:] < time[:-1]):
        order = np.argsort(time, kind="stable")
        time, row, column, data = time[order], row[order], column[order], data[order]
    swid = header.get("SWID")
    return Events(
        swid=swid if isinstance(swid, str) else "",
        tstart_ijd=tstart,
        tstop_ijd=number(header, "TSTOP") or tstart + float(time.max()) / DAY_S,
        attitude=attitude,
        time_s=time,
        energy_kev=_energies(np.asarray(data["ISGRI_ENERGY"], np.float32)),
        row=np.ascontiguousarray(row, np.uint8),
        column=np.ascontiguousarray(column, np.uint8),
        noisy=np.asarray(data["SELECT_FLAG"]) != 0,
        gti=good_times(gti_tables, tstart, "MERGED_ISGRI"),
        live_fraction=number(header, "DEADC"),
        revolution=int(number(header, "REVOL") or 0),
        slew=header.get("SW_TYPE") == "SLEW",
    )


def _energies(energy_kev: NDArray[np.float32]) -> NDArray[np.float32]:
    """Energies with 0, the archive's own word for an unknown one, in place of what is no number."""
    known: NDArray[np.float32] = np.where(np.isfinite(energy_kev), energy_kev, np.float32(0.0))
    return known


def _rows(table: Any, content: bytes) -> Any:
    """Return the rows as they lie in the file; through astropy if a column that is needed is stored scaled."""
    if any(table.columns[name].bzero or table.columns[name].bscale for name in _COLUMNS):
        return table.data
    layout = table.columns.dtype.newbyteorder(">")
    return np.frombuffer(content, layout, count=table.header["NAXIS2"], offset=table.fileinfo()["datLoc"])
