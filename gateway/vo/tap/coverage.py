"""Where, when and at which energies a request looked: from the request itself and the archive's index."""

import math
from collections.abc import Sequence
from datetime import datetime
from typing import Any, NamedTuple

from gateway.archive import GatewayArchive, NoArchive
from gateway.uws.wishes import KEV_M
from mesh.archive.index import Entry
from mesh.archive.times import ijd_from_utc, tt_minus_utc, utc_from_ijd
from mesh.contracts import Analysis
from mesh.errors import InvalidSelection
from mesh.instrument import Instrument

_EPOCH_MJD = 51544.0
_DAY_S = 86400.0
_FIELDS_DEG = {"isgri": 15.0, "jemx": 5.0}
"""Radius of the field around the axis [deg] of instruments that point."""


class Circle(NamedTuple):
    """A circle on the sky [deg]."""

    ra: float
    dec: float
    radius: float


class Coverage(NamedTuple):
    """What a request covers; None where that is not known, or everything."""

    circle: Circle | None = None
    t_min: float | None = None
    """MJD (UTC)."""
    t_max: float | None = None
    seconds: float | None = None
    em_min: float | None = None
    """Metres."""
    em_max: float | None = None
    bands: int | None = None


def coverage_of(analysis: Analysis, instrument: Instrument, archive: GatewayArchive) -> Coverage:
    """Return what a request covers."""
    em_min, em_max, bands = _energies(analysis.parameters.get("bands"))
    span = analysis.selection.time
    if not instrument.takes_windows(analysis.product):
        return Coverage(em_min=em_min, em_max=em_max, bands=bands)
    if instrument.sliced:
        t_min, t_max = (_mjd(ijd_from_utc(text)) for text in (span.t1, span.t2)) if span else (None, None)
        seconds = round((t_max - t_min) * _DAY_S, 3) if t_min is not None and t_max is not None else None
        return Coverage(None, t_min, t_max, seconds, em_min, em_max, bands)
    try:
        entries = archive.select(instrument, analysis.selection).entries
    except (NoArchive, InvalidSelection):
        entries = ()
    if not entries:
        return Coverage(em_min=em_min, em_max=em_max, bands=bands)
    return Coverage(
        _around([(entry.ra_x, entry.dec_x) for entry in entries], _FIELDS_DEG.get(instrument.name, 0.0)),
        _mjd(min(entry.t_start for entry in entries)),
        _mjd(max(entry.t_stop for entry in entries)),
        round(_total(entries), 3),
        em_min,
        em_max,
        bands,
    )


def separation(ra1: float, dec1: float, ra2: float, dec2: float) -> float:
    """Return the angle between two directions [deg] (haversine formula, exact for small ones)."""
    lat1, lat2 = math.radians(dec1), math.radians(dec2)
    half = math.sin((lat2 - lat1) / 2) ** 2
    half += math.cos(lat1) * math.cos(lat2) * math.sin(math.radians(ra2 - ra1) / 2) ** 2
    return math.degrees(2 * math.asin(min(1.0, math.sqrt(half))))


def _around(pointings: Sequence[tuple[float, float]], field: float) -> Circle:
    """Return a circle around all fields: its centre is the mean direction."""
    vectors = [
        (math.cos(dec) * math.cos(ra), math.cos(dec) * math.sin(ra), math.sin(dec))
        for ra, dec in ((math.radians(ra), math.radians(dec)) for ra, dec in pointings)
    ]
    x, y, z = (sum(vector[axis] for vector in vectors) for axis in range(3))
    length = math.sqrt(x * x + y * y + z * z)
    if length < 1e-9 * len(vectors):
        return Circle(0.0, 0.0, 180.0)
    ra, dec = math.degrees(math.atan2(y, x)) % 360, math.degrees(math.asin(max(-1.0, min(1.0, z / length))))
    radius = max(separation(ra, dec, *pointing) for pointing in pointings) + field
    return Circle(round(ra, 6), round(dec, 6), round(min(radius, 180.0), 6))


def _total(entries: Sequence[Entry]) -> float:
    return sum((entry.t_stop - entry.t_start) * _DAY_S for entry in entries)


def _energies(bands: Any) -> tuple[float | None, float | None, int | None]:
    if not isinstance(bands, list) or not bands:
        return None, None, None
    low, high = min(band[0] for band in bands), max(band[1] for band in bands)
    return KEV_M / high, KEV_M / low if low > 0 else None, len(bands)


def _mjd(ijd: float) -> float:
    """Return the MJD in UTC of an IJD, which counts in TT."""
    utc = utc_from_ijd(ijd, 3)
    instant = datetime.fromisoformat(utc.replace(":60", ":59"))
    return _EPOCH_MJD + ijd - tt_minus_utc(instant) / _DAY_S
