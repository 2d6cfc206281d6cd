"""Light curves for a chart: from the FITS file of a product to lists of times and rates around a trigger.

Read are OGIP tables of rates (OGIP/93-003) with the standard library alone: the gateway has no science stack.
"""

import math
from collections.abc import Mapping
from io import BytesIO
from typing import NamedTuple

from gateway.transients.documents import Series
from mesh.archive.fits_table import FitsError, Header, Value, headers, table_columns, unpacked

_DAY_S = 86400.0
_MJD_OF_IJD = 51544.0
_COLUMNS = ("TIME", "RATE", "ERROR")
_DIGITS = 4
"""Of a time: a tenth of a millisecond."""


class ReadCurve(NamedTuple):
    """What a file holds."""

    series: tuple[Series, ...]
    unit: str
    bin_s: float


def read_light_curve(content: bytes, t0_ijd: float) -> ReadCurve:
    """Return the light curves of a file, one a band.

    Args:
        content: FITS, gzip or not.
        t0_ijd: the trigger, days (TT) since MJD 51544.

    Raises:
        FitsError: it holds no light curve.
    """
    stream = BytesIO(unpacked(content))
    found: list[Series] = []
    unit, bin_s = "count/s", 0.0
    for header in headers(stream):
        if header.get("HDUCLAS1") != "LIGHTCURVE" or "RATE" not in _names(header):
            continue
        if not found:
            unit, bin_s = _unit(header) or unit, _number(header, "TIMEDEL", 0.0)
        zero = _number(header, "TIMEZERO", 0.0) + (_mjd_ref(header) - _MJD_OF_IJD - t0_ijd) * _DAY_S
        found.append(_series(table_columns(stream, header, _COLUMNS), zero, header))
    if not found:
        raise FitsError("the file holds no light curve")
    return ReadCurve(tuple(found), unit, bin_s)


def _series(rows: list[tuple[Value, ...]], zero: float, header: Header) -> Series:
    low, high = _number(header, "E_MIN", math.nan), _number(header, "E_MAX", math.nan)
    return Series(
        band_kev=(low, high) if math.isfinite(low) and math.isfinite(high) else None,
        time_s=tuple(round(float(time) + zero, _DIGITS) for time, _, _ in rows),
        rate=tuple(_finite(rate) for _, rate, _ in rows),
        error=tuple(_finite(error) for _, _, error in rows),
    )


def _names(header: Header) -> dict[str, int]:
    return {
        str(value).strip().upper(): int(name.removeprefix("TTYPE"))
        for name, value in header.items()
        if name.startswith("TTYPE") and name.removeprefix("TTYPE").isdigit()
    }


def _unit(header: Header) -> str:
    return str(header.get(f"TUNIT{_names(header)['RATE']}", ""))


def _mjd_ref(header: Mapping[str, Value]) -> float:
    """Return the origin of times: MJDREF as a whole, or in two parts."""
    parts = _number(header, "MJDREFI", _MJD_OF_IJD) + _number(header, "MJDREFF", 0.0)
    return _number(header, "MJDREF", parts)


def _number(header: Mapping[str, Value], name: str, otherwise: float) -> float:
    value = header.get(name, otherwise)
    return float(value) if isinstance(value, int | float) else otherwise


def _finite(value: Value) -> float | None:
    found = float(value)
    return float(f"{found:.7g}") if math.isfinite(found) else None
