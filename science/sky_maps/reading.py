"""Reads sky maps as LVK, Fermi, IceCube and the IPN write them into cells of several sizes.

Multi-order maps (``ORDERING = NUNIQ``, column UNIQ, signed or not) are taken as they are. Flat ones (RING or NESTED,
a pixel or a block of pixels a row) are read in parts; pixels are joined where all four are equal, or hold so little
together that no credible region feels it.
"""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
from astropy_healpix.core import ring_to_nested
from numpy.typing import NDArray

from mesh.kit import BadInput
from science.sky_maps.fits_rows import BROKEN, Table, first_table, opened
from science.sky_maps.sky_map import DEEPEST, Floats, Integers, SkyMap, cell_area

MOST_PIXELS = 64_000_000
MOST_BYTES = 512_000_000
"""Of a map, unpacked."""

_PROBABILITY = ("PROB", "PROBABILITY", "T", "TEMPERATURE", "SIGNAL")
_DENSITY = ("PROBDENSITY", "PROB_DENSITY")
_EQUATORIAL = ("", "C", "Q", "ICRS", "EQUATORIAL", "CELESTIAL")
_CHUNK_ORDER = 9
_ROWS = 1 << 18
_JOINED = 5e-6
"""Probability up to which unequal pixels are joined."""
_SUM = 0.05
"""A sum that is farther from 1 than this is not that of a map of probability."""
_COUNTED_FROM = 1e-6
_EMPTY = 1e-12
"""Share of the highest value up to which a pixel counts as empty: 64 million of them hold nothing."""
_OVERLAP = 1e-6


def read_sky_map(path: Path) -> SkyMap:
    """Read a map.

    Raises:
        BadInput: ``BadSkyMap``: the file is damaged or no map of probability; ``SkyMapTooLarge``: it unpacks to more
            than may be.
    """
    try:
        with opened(path) as stream:
            table = first_table(stream)
            _check_size(path, table)
            sky = _multi_order(table) if "UNIQ" in _names(table) else _flat(path, table)
    except BadInput:
        raise
    except BROKEN as error:
        text = f"{path.name} is no sky map that can be read ({error}); send HEALPix FITS, multi-order or flat"
        raise BadInput("BadSkyMap", text) from error
    return sky


def _names(table: Table) -> tuple[str, ...]:
    return table.columns.names or ()


def _check_size(path: Path, table: Table) -> None:
    pixels = table.rows * (1 if "UNIQ" in _names(table) else _block(table))
    if pixels > MOST_PIXELS or table.rows * table.row_bytes > MOST_BYTES:
        text = (
            f"{path.name} unpacks to {pixels} pixels and {table.rows * table.row_bytes / 1e6:.0f} MB; at most "
            f"{MOST_PIXELS / 1e6:.0f} million pixels and {MOST_BYTES / 1e6:.0f} MB are read: send a multi-order map"
        )
        raise BadInput("SkyMapTooLarge", text)


def _multi_order(table: Table) -> SkyMap:
    _check_frame(table)
    parts = list(table.parts(_ROWS))
    rows = np.concatenate(parts) if parts else np.zeros(0, table.columns)
    uniq = rows["UNIQ"][:, 0].astype(np.int64)
    column = _names(table).index("UNIQ") + 1
    if (table.number(f"TZERO{column}") or 0.0) > 0:
        # Unsigned: the standard keeps such a number less 2^63 (FITS 4.0, section 5.2.5), which is its highest bit.
        uniq = uniq ^ np.int64(-(2**63))
    if not uniq.size or uniq.min() < 4:
        raise ValueError("it has no cells, or a cell number below 4")
    order = (np.floor(np.log2(uniq.astype(np.float64))).astype(np.int64) - 2) // 2
    order += (uniq >> np.minimum(2 * order + 4, 62)) > 0  # of the largest numbers the logarithm may be rounded
    order -= (uniq >> (2 * order + 2)) == 0
    place = uniq - np.left_shift(np.int64(4), 2 * order)
    if order.max() > DEEPEST or (place >= np.left_shift(np.int64(12), 2 * order)).any():
        raise ValueError("a cell number lies beyond the sky")
    density, mended = _clean(rows[_density_column(table)][:, 0].astype(np.float64))
    return _normalised(table, order, place, density, mended | {"pixels": int(uniq.size), "ordering": "NUNIQ"})


def _density_column(table: Table) -> str:
    found = next((name for name in _names(table) if name in _DENSITY), None)
    if found is None:
        raise ValueError(f"it has no column PROBDENSITY; it has {', '.join(_names(table))}")
    unit = str(table.header.get(f"TUNIT{_names(table).index(found) + 1}", "sr-1")).strip().lower()
    if unit not in ("", "sr-1", "1/sr", "sr**-1", "sr^-1", "1 / sr"):
        raise ValueError(f"its density is in {unit!r}; it must be in sr-1")
    return found


def _block(table: Table) -> int:
    """Return the pixels of a row of a flat map."""
    return int(np.prod(table.columns[_flat_column(table)].shape))


def _flat_column(table: Table) -> str:
    names = _names(table)
    found = next((name for name in (*_PROBABILITY, *_DENSITY) if name in names), None)
    if found is None:
        raise ValueError(f"it has no column PROB or PROBDENSITY; it has {', '.join(names)}")
    return found


def _check_frame(table: Table) -> None:
    frame = str(table.header.get("COORDSYS", "C")).strip().upper()
    if frame not in _EQUATORIAL:
        raise ValueError(f"its COORDSYS is {frame!r}; send it in equatorial coordinates (C)")


def _flat(path: Path, table: Table) -> SkyMap:
    _check_frame(table)
    ordering = str(table.header.get("ORDERING", "")).strip().upper()
    if ordering not in ("RING", "NESTED", "NEST"):
        raise ValueError(f"its ORDERING is {ordering!r}; there are NUNIQ, NESTED and RING")
    pixels = table.rows * _block(table)
    explicit = "PIXEL" in _names(table)
    nside = int(table.number("NSIDE") or round(np.sqrt(pixels / 12)))
    order = nside.bit_length() - 1
    if nside != 1 << order or order > 13 or (pixels != 12 * nside**2 and not explicit):
        raise ValueError(f"{pixels} pixels and NSIDE {nside} do not fit: 12 NSIDE^2 with NSIDE a power of two")
    if 12 * nside**2 > MOST_PIXELS:
        raise BadInput("SkyMapTooLarge", f"{path.name} has NSIDE {nside}; at most 2048 is read: send a multi-order map")
    mended: dict[str, int] = {}
    values = _values(table)
    if ordering == "RING" or explicit:
        chunks = _from_anywhere(values, nside, nested=ordering != "RING", mended=mended)
    else:
        chunks = _in_order(values, order, mended)
    scale = cell_area(order) if _flat_column(table) in _DENSITY else 1.0
    found = _joined(((chunk * scale) for chunk in chunks), order)
    facts: dict[str, Any] = {**mended, "pixels": pixels, "ordering": ordering}
    return _normalised(table, *found, facts)


def _values(table: Table) -> Iterator[tuple[Integers, Floats]]:
    """Yield numbers of pixels and their values."""
    column, block, begin = _flat_column(table), _block(table), 0
    for rows in table.parts(max(1, _ROWS // block)):
        values = rows[column].reshape(-1).astype(np.float64)
        if "PIXEL" in _names(table):
            yield rows["PIXEL"].reshape(-1).astype(np.int64), values
        else:
            yield np.arange(begin, begin + values.size), values
        begin += values.size


def _from_anywhere(
    values: Iterator[tuple[Integers, Floats]], nside: int, *, nested: bool, mended: dict[str, int]
) -> Iterator[Floats]:
    """Yield the pixels of a map in nested order; in between it stands in single precision."""
    whole = np.zeros(12 * nside**2, np.float32)
    for numbers, part in values:
        clean, found = _clean(part)
        _count(mended, found)
        # Most of the largest maps is as good as empty, and to renumber a pixel takes time.
        there = clean > _EMPTY * clean.max(initial=0.0)
        place = numbers[there] if nested else ring_to_nested(numbers[there], nside)
        whole[place] = clean[there]
    chunk = min(4**_CHUNK_ORDER, nside**2)
    for begin in range(0, whole.size, chunk):
        yield whole[begin : begin + chunk].astype(np.float64)


def _in_order(values: Iterator[tuple[Integers, Floats]], order: int, mended: dict[str, int]) -> Iterator[Floats]:
    """Yield the pixels of a nested map in parts that are cells."""
    chunk, kept = 4 ** min(_CHUNK_ORDER, order), np.zeros(0)
    for _, part in values:
        clean, found = _clean(part)
        _count(mended, found)
        kept = np.concatenate((kept, clean))
        whole = kept.size // chunk * chunk
        for begin in range(0, whole, chunk):
            yield kept[begin : begin + chunk]
        kept = kept[whole:]


def _count(mended: dict[str, int], found: dict[str, int]) -> None:
    for name, value in found.items():
        mended[name] = mended.get(name, 0) + value


def _clean(values: Floats) -> tuple[Floats, dict[str, int]]:
    """Return values without those that are no probability, and how many these were."""
    bad = ~np.isfinite(values) | (values < 0)
    if not bad.any():
        return values, {}
    return np.where(bad, 0.0, values), {"pixels_without_value": int(bad.sum())}


def _joined(chunks: Iterator[Floats], order: int) -> tuple[Integers, Integers, Floats]:
    """Return order, place and density of the cells that the pixels of a flat map, in parts, become."""
    found: list[tuple[Integers, Integers, Floats]] = []
    begin = 0
    for chunk in chunks:
        deep = round(np.log2(chunk.size) / 2)
        first = begin // 4**deep
        begin += chunk.size
        if not chunk.any():
            continue
        level, whole = chunk, np.ones(chunk.size, dtype=bool)
        for step in range(deep + 1):
            at, here = order - step, np.arange(level.size) + (first << 2 * (deep - step))
            if step == deep:
                found.append(_cells(at, here[whole], level[whole]))
                break
            a, b, c, d = (level[child::4] for child in range(4))
            total = a + b + c + d
            equal = (a == b) & (a == c) & (a == d)
            joinable = whole[0::4] & whole[1::4] & whole[2::4] & whole[3::4] & (equal | (total <= _JOINED))
            kept = whole & ~np.repeat(joinable, 4)
            found.append(_cells(at, here[kept], level[kept]))
            level, whole = total, joinable
    if not found:
        raise ValueError("it holds no probability")
    orders, places, densities = (np.concatenate(part) for part in zip(*found, strict=True))
    return orders, places, densities


def _cells(order: int, place: NDArray[np.int64], probability: Floats) -> tuple[Integers, Integers, Floats]:
    return np.full(place.size, order, np.int64), place, probability / cell_area(order)


def _normalised(table: Table, order: Integers, place: Integers, density: Floats, facts: dict[str, Any]) -> SkyMap:
    area = float(cell_area(order).sum())
    if area > 4 * np.pi * (1 + _OVERLAP):
        raise ValueError("its cells cover more than the sky: some of them twice")
    total = float((density * cell_area(order)).sum())
    if not total > 0:
        raise ValueError("it holds no probability")
    if abs(total - 1) > _SUM:
        raise ValueError(f"its probability sums to {total:.4g}: it is no map of probability, or not the whole of it")
    facts = facts | {"sum": total}
    if abs(total - 1) > _COUNTED_FROM:
        facts["renormalised"] = 1
    mean, spread = table.number("DISTMEAN"), table.number("DISTSTD")
    known = mean is not None and spread is not None and np.isfinite([mean, spread]).all() and mean > 0
    there = density > 0
    distance = (float(mean), float(spread)) if known and mean is not None and spread is not None else None
    return SkyMap(order[there], place[there], density[there] / total, distance, facts)
