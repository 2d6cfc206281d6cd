"""What the event files of the coded-mask imagers have in common: the file itself, its headers, its tables.

Files come as other people's programs write them: compressed or not whatever their name, with words in place of numbers,
with columns that have no name, or names in small letters.
"""

import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from io import BytesIO
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits
from astropy.io.fits.verify import VerifyError
from astropy.utils.exceptions import AstropyUserWarning
from isal import isal_zlib
from numpy.typing import NDArray

from mesh.kit import BadInput
from science.coded_mask.camera import Instrument
from science.coded_mask.geometry import Attitude, unit_vector
from science.coded_mask.validation import Validation

_BLOCK = 2880
_GZIP = b"\x1f\x8b"
_BadGzip: type[Exception] = isal_zlib.error  # type: ignore[assignment]  # its stub takes the class for an instance
_SKEW = 0.05
"""Cosine of the angle between the axes X and Z beyond which they are no attitude; it is 1e-7 in real files."""


@dataclass(frozen=True)
class TimeTable:
    """A table of good times: its GTI_NAME and its rows, shape (n, 2), IJD."""

    name: str
    rows: NDArray[np.float64]


@dataclass(frozen=True)
class EventTable:
    """The parts of an event file that an analysis reads.

    Args:
        header: of the event table.
        columns: those that were asked for and are there, by name.
        good_times: the tables of good times that have rows.
        validation: what was found.
    """

    header: fits.Header
    columns: Mapping[str, NDArray[Any]]
    good_times: Sequence[TimeTable]
    validation: Validation

    def word(self, key: str) -> str:
        """Return a keyword that is text; empty where it is missing or no text."""
        value = _card(self.header, key)
        return value if isinstance(value, str) else ""

    def number(self, key: str) -> float | None:
        """Return a numeric keyword; template words such as 'Real', and NaN, count as missing."""
        value = _card(self.header, key)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or not np.isfinite(value):
            return None
        return float(value)

    def required(self, key: str, what: str) -> float:
        """Return a numeric keyword.

        Raises:
            BadInput: ScWDataCorrupted: there is none; says *what* lacks.
        """
        value = self.number(key)
        if value is None:
            raise self.validation.damaged(f"has no number in keyword {key}: {what} is not known")
        return value

    def attitude(self, instrument: Instrument) -> Attitude:
        """Return the attitude in the keywords RA_SCX, DEC_SCX, RA_SCZ, DEC_SCZ.

        Raises:
            BadInput: ScWDataCorrupted: a keyword is missing, or the axes are not perpendicular.
        """
        ra_x, dec_x, ra_z, dec_z = (
            self.required(key, "the attitude") for key in ("RA_SCX", "DEC_SCX", "RA_SCZ", "DEC_SCZ")
        )
        if max(abs(dec_x), abs(dec_z)) > 90.0 or abs(unit_vector(ra_x, dec_x) @ unit_vector(ra_z, dec_z)) > _SKEW:
            raise self.validation.damaged("gives no attitude: the axes X and Z in its header are not perpendicular")
        return instrument.attitude(ra_x, dec_x, ra_z, dec_z)


def _card(header: fits.Header, key: str) -> Any:
    try:
        return header.get(key)
    except VerifyError:  # a value that is no FITS, such as NaN without quotes
        return None


def read_event_table(  # noqa: PLR0917
    path: Path,
    table: str,
    columns: Sequence[str],
    good_times: str,
    nothing: tuple[str, str],
    optional: tuple[str, ...] = (),
    coarse: tuple[str, str, str] | None = None,
) -> EventTable:
    """Read an event file, compressed or not.

    Args:
        path: the file.
        table: name of its event table.
        columns: that are needed.
        good_times: name of its tables of good times.
        nothing: reason and words for a file without events.
        optional: further columns, read where they are there.
        coarse: name of a table of data that are too coarse to be analysed, reason and words for a file that has
            these alone; where there are both, the words are a warning.

    Raises:
        BadInput: *nothing*, or the reason of *coarse*, when there is nothing to analyse, ScWDataCorrupted when the file
            cannot be trusted.
    """
    validation = Validation(path.name)
    try:
        content = _content(path)
        if len(content) % _BLOCK:
            raise EOFError("the length is no whole number of FITS blocks")
        with fits.open(BytesIO(content), memmap=False) as hdus, warnings.catch_warnings():
            warnings.simplefilter("ignore", AstropyUserWarning)  # odd header cards; lengths are checked below
            found = next((hdu for hdu in hdus if hdu.name == table), None)
            if coarse is not None and any(hdu.name == coarse[0] and hdu.header.get("NAXIS2") for hdu in hdus):
                if found is None or not found.header.get("NAXIS2"):
                    raise BadInput(coarse[1], f"{path.name}: {coarse[2]}; leave it out")
                validation.warn(f"a part of this window is missing: {coarse[2]}")
            if found is None:
                raise BadInput(
                    nothing[0],
                    f"{path.name} has no {table} table: {nothing[1]}, or this is no event file of the archive; "
                    "leave it out",
                )
            if not found.header.get("NAXIS2"):
                raise BadInput(nothing[0], f"{path.name} has an event table without rows: {nothing[1]}; leave it out")
            if found.fileinfo()["datLoc"] + found.size > len(content):
                raise EOFError("the event table ends early")
            _name_columns(found.header, validation)
            present = {str(name).upper(): str(name) for name in found.columns.names}
            missing = [name for name in columns if name not in present]
            if missing:
                raise validation.damaged(f"lacks the columns {', '.join(missing)}")
            wanted = [present[name] for name in (*columns, *optional) if name in present]
            return EventTable(
                found.header,
                {name.upper(): values for name, values in _columns(found, content, wanted, validation).items()},
                [_time_table(hdu) for hdu in hdus if hdu.name == good_times and hdu.header.get("NAXIS2")],
                validation,
            )
    except (OSError, EOFError, _BadGzip, VerifyError, ValueError, TypeError, KeyError, IndexError) as error:
        raise validation.damaged(f"is damaged or truncated ({error})") from error


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


def _name_columns(header: fits.Header, validation: Validation) -> None:
    """Give columns without a name, or with one that another has, a name: they may be columns that nobody reads."""
    taken: set[str] = set()
    for number in range(1, int(header["TFIELDS"]) + 1):
        name = str(_card(header, f"TTYPE{number}") or "").strip().upper()
        if not name or name in taken:
            validation.note(f"column {number} has {'the name of another' if name else 'no name'}; it is not read")
            header[f"TTYPE{number}"] = name = f"COLUMN_{number}"
        taken.add(name)


def _columns(table: Any, content: bytes, names: list[str], validation: Validation) -> dict[str, NDArray[Any]]:
    """Return columns as they lie in the file; through astropy if one is stored scaled."""
    if any(table.columns[name].bzero or table.columns[name].bscale for name in names):
        rows = table.data
    else:
        layout = table.columns.dtype.newbyteorder(">")
        rows = np.frombuffer(content, layout, count=table.header["NAXIS2"], offset=table.fileinfo()["datLoc"])
    found = {name: np.asarray(rows[name]) for name in names}
    for name, values in found.items():
        if values.ndim != 1 or values.dtype.kind not in "iufb":
            raise validation.damaged(f"has no plain numbers in column {name}")
    return found


def _time_table(table: Any) -> TimeTable:
    rows = np.column_stack([table.data["START"], table.data["STOP"]]).astype(np.float64)
    name = _card(table.header, "GTI_NAME")
    return TimeTable(name if isinstance(name, str) else "", rows)
