"""Sources of a FITS file: the first binary table that has columns for name and position."""

import io
import struct

from mesh.archive.fits_table import FitsError, Header, headers, table_columns
from mesh.source_table.columns import Columns, Source, SourceTableError, check_frame


def read_fits(data: bytes) -> list[Source]:
    """Return the sources of a FITS file.

    Raises:
        SourceTableError: no table has such columns, or the file is damaged.
    """
    stream = io.BytesIO(data)
    seen: list[str] = []
    try:
        for header in headers(stream):
            columns = _columns(header)
            if columns is None:
                continue
            places = columns.places()
            if places is None:
                seen += columns.headings
                continue
            if any(header.get(f"TSCAL{place + 1}", 1) != 1 for place in places):
                raise SourceTableError("it has scaled columns (TSCAL): save it with plain numbers")
            _check(header)
            rows = table_columns(stream, header, tuple(columns.headings[place] for place in places))
            return list(columns.sources([(str(name), _cell(ra), _cell(dec)) for name, ra, dec in rows]))
    except (FitsError, KeyError, struct.error, OverflowError, TypeError) as error:
        raise SourceTableError(f"it is FITS and cannot be read ({error})") from error
    Columns(seen, [""] * len(seen)).chosen()
    raise SourceTableError("it has no one table with columns for name, ra and dec")


def _columns(header: Header) -> Columns | None:
    if str(header.get("XTENSION", "")).strip() != "BINTABLE":
        return None
    count = header.get("TFIELDS")
    if not isinstance(count, int):
        return None
    numbers = range(1, min(count, 999) + 1)
    return Columns(
        [str(header.get(f"TTYPE{number}", "")).strip() for number in numbers],
        [str(header.get(f"TUNIT{number}", "")) for number in numbers],
    )


def _check(header: Header) -> None:
    equinox = header.get("EQUINOX")
    check_frame(
        str(header.get("RADESYS", header.get("RADECSYS", ""))),
        float(equinox) if isinstance(equinox, (int, float)) else None,
    )


def _cell(value: str | float | bool) -> str | float:
    return value if isinstance(value, str) else float(value)
