"""Reads one spectrum of a PHA file (OGIP/92-007, 92-007a), of type I or one row of type II, and what it names."""

import re
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mesh.kit import BadInput
from services.spectral_fit.analysis.ogip_files import (
    Array,
    column_name,
    number,
    opened,
    tables_of,
    truth,
    unit_factor,
    word,
)
from services.spectral_fit.analysis.response import Channels

Flags = NDArray[np.bool_]
_FILE = re.compile(r"^(?P<name>[^\[{]*)(?:\[[^\]]*\])?(?:\{(?P<number>\d+)\})?$")
_NOT_USED = ("BACKGROUND_UP", "BACKGROUND_DOWN")


@dataclass(frozen=True)
class Counts:
    """What was counted in each channel.

    Args:
        rate: counts/s, as it was measured: not divided by *scale*.
        error: 1 sigma, counts/s; 0 where there is none.
        systematic: fraction of the rate.
        good: QUALITY 0 and finite numbers.
        group: channels of one group have the same number.
        poisson: whether these are counts of single photons.
        counted: whether the file has COUNTS, whatever it says about their errors.
        exposure_s: live time.
        area_scale: AREASCAL; expected counts are proportional to it.
        back_scale: BACKSCAL; of two spectra the background's counts are as their BACKSCAL, AREASCAL and live time.
    """

    rate: Array
    error: Array
    systematic: Array
    good: Flags
    group: NDArray[np.int64]
    poisson: bool
    counted: bool
    exposure_s: float
    area_scale: Array
    back_scale: Array

    @property
    def usable(self) -> Flags:
        """Channels that can be fitted: good, with an error where errors are Gaussian."""
        return self.good & (self.poisson | (self.error > 0.0))


@dataclass(frozen=True)
class NamedFile:
    """A file that a keyword names: without its folder; *number* of the extension or row in it, 0 for the only one."""

    name: str
    number: int = 0

    def is_name_of(self, path: Path, *, any_case: bool = False) -> bool:
        """Tell whether a path has this name, compressed or not."""
        pair = [name.removesuffix(".gz") for name in (self.name, path.name)]
        if any_case:
            pair = [name.casefold() for name in pair]
        return bool(self.name) and pair[0] == pair[1]


@dataclass(frozen=True)
class SpectrumFile:
    """A spectrum as its file has it.

    Args:
        path: of the file.
        row: of a file of type II, from 1; 0 for type I.
        sources: names of the source: OBJECT, NAME, SOURCEID.
        instrument: DETNAM, else INSTRUME.
        content: HDUCLAS2: ``TOTAL``, ``NET`` or ``BKG``; empty where it is absent.
        channel: numbers of its channels as the file has them; None without a column CHANNEL.
        first_channel: TLMIN of CHANNEL; None where it is absent.
        channels: of the detector (DETCHANS); None where it is absent.
        counts: in the order of *channel*.
        response: RESPFILE, and so on.
        correction_scale: CORRSCAL.
        remarks: what a user must know.
    """

    path: Path
    row: int
    sources: tuple[str, ...]
    instrument: str
    content: str
    channel: Channels | None
    first_channel: int | None
    channels: int | None
    counts: Counts
    response: NamedFile
    area: NamedFile
    background: NamedFile
    correction: NamedFile
    correction_scale: float
    remarks: tuple[str, ...]

    @property
    def name(self) -> str:
        """Name of the file, with the row where it has many: ``grating.pha{3}``."""
        return f"{self.path.name}{{{self.row}}}" if self.row else self.path.name


def read_spectra(path: Path) -> list[SpectrumFile]:
    """Return the spectra of a file: one, or of a file of type II one a row.

    Raises:
        BadInput: ``UnreadableFile``, ``NoExposure``, ``UnknownUnit``, ``NotSupported``.
    """
    with opened(path) as hdus:
        tables = tables_of(hdus, path, "spectrum")
        if len(tables) > 1:
            text = f"{path.name} holds {len(tables)} spectra in extensions of their own: write each into a file"
            raise BadInput("NotSupported", text)
        table = tables[0]
        value = column_name(table, "RATE") if column_name(table, "COUNTS") is None else column_name(table, "COUNTS")
        if value is None:
            there = ", ".join(table.columns.names)
            raise BadInput("UnreadableFile", f"{path.name} has no column COUNTS or RATE; it has {there}")
        # HDUCLAS4 says it too, where it is not forgotten or wrong.
        many = np.ndim(table.data[value]) > 1 or table.data[value].dtype == object
        return [_read(_Table(table, path, row)) for row in (range(1, len(table.data) + 1) if many else (0,))]


@dataclass(frozen=True)
class _Table:
    """Columns and keywords of a spectrum; OGIP lets most quantities be either."""

    hdu: Any
    path: Path
    row: int

    def array(self, name: str, unit: str = "") -> Array | None:
        """Return a column of channels; a keyword, or a number of the row, for all channels alike; None without."""
        there = column_name(self.hdu, name)
        if there is None:
            value = number(self.hdu.header, name, self.path)
            return None if value is None else np.full(self.size, value)
        values = self.hdu.data[there]
        if self.row:
            values = np.broadcast_to(values[self.row - 1], (self.size,))
        return np.asarray(values, np.float64) * unit_factor(self.hdu, there, self.path, unit)

    def number(self, name: str, unit: str = "") -> float | None:
        """Return a keyword, or a number of the row."""
        there = column_name(self.hdu, name)
        if self.row and there is not None:
            return float(self.hdu.data[there][self.row - 1]) * unit_factor(self.hdu, there, self.path, unit)
        return number(self.hdu.header, name, self.path)

    def word(self, *names: str) -> str:
        """Return the first text that says something, of the row or of the header."""
        for name in names:
            there = column_name(self.hdu, name)
            if self.row and there is not None and str(self.hdu.data[there][self.row - 1]).strip():
                return str(self.hdu.data[there][self.row - 1]).strip()
        return word(self.hdu.header, *names)

    def file(self, name: str) -> NamedFile:
        """Return the file that a keyword names, e.g. ``../data/b.pha{2}``."""
        text = self.word(name)
        found = _FILE.match(text.rpartition("/")[2].strip())
        if text.upper() in {"", "NONE", "N/A", "NULL"} or found is None:
            return NamedFile("")
        return NamedFile(found["name"].strip(), int(found["number"] or 0))

    @property
    def value(self) -> str:
        return "RATE" if column_name(self.hdu, "COUNTS") is None else "COUNTS"

    @property
    def size(self) -> int:
        if not self.row:
            return len(self.hdu.data)
        return int(np.size(self.hdu.data[column_name(self.hdu, self.value)][self.row - 1]))


def _read(table: _Table) -> SpectrumFile:
    header, path = table.hdu.header, table.path
    channel = table.array("CHANNEL") if column_name(table.hdu, "CHANNEL") else None
    numbers = None if channel is None else np.round(channel).astype(np.int64)
    if numbers is not None and np.unique(numbers).size != numbers.size:
        raise BadInput("UnreadableFile", f"{path.name}: column CHANNEL has numbers twice: each channel needs one row")
    first = number(header, f"TLMIN{_place(table.hdu, 'CHANNEL')}", path)
    channels = number(header, "DETCHANS", path)
    there = [name for name in _NOT_USED if column_name(table.hdu, name)]
    remarks = (
        [f"{path.name}: columns {' and '.join(there)} are not used: give the background as a file"] if there else []
    )
    if numbers is None:
        remarks.append(f"{path.name} has no column CHANNEL: its rows are taken as the channels of the response")
    return SpectrumFile(
        path=path,
        row=table.row,
        sources=tuple(dict.fromkeys(name for key in ("OBJECT", "NAME", "SOURCEID") if (name := table.word(key)))),
        instrument=table.word("DETNAM") or table.word("INSTRUME"),
        content=word(header, "HDUCLAS2").upper(),
        channel=numbers,
        first_channel=None if first is None else int(first),
        channels=None if channels is None else int(channels),
        counts=_counts(table),
        response=table.file("RESPFILE"),
        area=table.file("ANCRFILE"),
        background=table.file("BACKFILE"),
        correction=table.file("CORRFILE"),
        correction_scale=table.number("CORRSCAL") or 0.0,
        remarks=tuple(remarks),
    )


def _place(hdu: Any, name: str) -> int:
    there = column_name(hdu, name)
    return 0 if there is None else hdu.columns.names.index(there) + 1


def _counts(table: _Table) -> Counts:
    path, counted = table.path, table.value == "COUNTS"
    exposure = table.number("EXPOSURE", "s")
    if exposure is None or not exposure > 0.0:
        raise BadInput("NoExposure", f"{path.name} has EXPOSURE {exposure}: a fit needs the live time in seconds")
    unit = "count" if counted else "count/s"
    values = table.array(table.value, unit)
    assert values is not None  # noqa: S101 - the column is there
    rate = values / exposure if counted else values
    stated = table.array("STAT_ERR", unit)
    if stated is None or not np.any(stated > 0.0):
        stated = None  # zero is the standard's way to say that there are none
    says = truth(table.hdu.header, "POISSERR")
    poisson = (counted and stated is None) if says is None else says
    if poisson:
        error = np.sqrt(np.maximum(rate * exposure, 0.0)) / exposure
    elif stated is None:
        error = np.zeros(rate.size)  # a background or a correction may do without
    else:
        error = stated / exposure if counted else stated
    area, back = (table.array(name) for name in ("AREASCAL", "BACKSCAL"))
    area = np.ones(rate.size) if area is None else area
    quality = table.array("QUALITY")
    good = np.isfinite(rate) & np.isfinite(error) & np.isfinite(area) & (area > 0.0)
    if poisson:
        good &= rate >= 0.0
    if quality is not None:
        good &= quality == 0.0
    systematic = table.array("SYS_ERR")
    grouping = table.array("GROUPING")
    return Counts(
        rate=np.where(good, rate, 0.0),
        error=np.where(np.isfinite(error) & (error > 0.0), error, 0.0),
        systematic=np.zeros(rate.size) if systematic is None else np.abs(np.nan_to_num(systematic)),
        good=good,
        # A row of -1 goes on with the group of the row before.
        group=np.arange(rate.size) if grouping is None else np.cumsum(grouping >= 0.0),
        poisson=bool(poisson),
        counted=counted or bool(poisson),
        exposure_s=float(exposure),
        area_scale=np.where(np.isfinite(area) & (area > 0.0), area, 1.0),
        back_scale=np.ones(rate.size) if back is None else np.nan_to_num(back),
    )


def on_channels(found: SpectrumFile, channel: Channels, response: str) -> Counts:
    """Put the counts into the channels of a response; channels that the spectrum lacks are not good.

    Channels are matched by their numbers, each counted from the first of its own file: TLMIN where it is there.

    Args:
        found: the spectrum.
        channel: numbers of the channels of the response, without a gap.
        response: its name, for errors.

    Raises:
        BadInput: reason ``ResponseMismatch``.
    """
    counts, size = found.counts, channel.size
    rows = counts.rate.size
    declared = found.channels if found.channels is not None else rows
    if size not in {declared, rows}:
        text = f"{found.name} has {declared} channels, its response {response} has {size}"
        raise BadInput("ResponseMismatch", text)
    base = int(channel.min())
    place = np.arange(rows) if found.channel is None else found.channel - _first(found, base, size)
    if rows > size or (found.channel is None and rows != size) or place.min() < 0 or place.max() >= size:
        reach = "" if found.channel is None else f" {found.channel.min()} to {found.channel.max()}"
        text = f"{found.name} has the channels{reach} ({rows}), its response {response} {base} to {base + size - 1}"
        raise BadInput("ResponseMismatch", text)
    # Where each channel of the response stands in the spectrum; -1 for nowhere.
    row = np.full(size, -1)
    row[place] = np.arange(rows)
    row = row[channel - base]
    there = row >= 0

    def taken(values: Array, blank: float) -> Array:
        return np.asarray(np.where(there, values[row], blank), np.float64)

    return replace(
        counts,
        rate=taken(counts.rate, 0.0),
        error=taken(counts.error, 0.0),
        systematic=taken(counts.systematic, 0.0),
        good=there & counts.good[row],
        group=np.where(there, counts.group[row], -1),
        area_scale=taken(counts.area_scale, 1.0),
        back_scale=taken(counts.back_scale, 1.0),
    )


def _first(found: SpectrumFile, base: int, size: int) -> int:
    """Return the number that the spectrum gives to the first channel of the detector."""
    assert found.channel is not None  # noqa: S101 - asked for where there is one
    if found.channel.size == size:
        return int(found.channel.min())
    if found.first_channel is not None and found.first_channel <= found.channel.min():
        return found.first_channel
    return base
