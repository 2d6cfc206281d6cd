"""Science windows around a trigger, from the archive's index: when they were, and how the spacecraft was turned."""

import json
from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from astropy.io import fits

from mesh.kit import BadInput
from science.bursts.instants import DAY_S
from science.sky_maps.sky_map import Floats
from services.localisation.analysis.fields import axes_of

_LONGEST_D = 3.0
"""No science window is longer."""
_EVENTS: Mapping[str, tuple[str, ...]] = {"isgri": ("isgri_events",), "jemx": ("jmx1_events", "jmx2_events")}
_BROKEN = (OSError, KeyError, ValueError, TypeError, IndexError)
_COLUMNS = ("SWID", "TSTART", "TSTOP", "RA_SCX", "DEC_SCX", "RA_SCZ", "DEC_SCZ", "SW_TYPE")


@dataclass(frozen=True)
class Window:
    """A science window.

    Args:
        scw: its identifier, with version where the index tells it.
        start_s: seconds (TT) since MJD 51544.
        stop_s: its end.
        axes: X, Y and Z of the spacecraft as rows, shape (3, 3).
        pointing: whether the spacecraft stood still.
        files: names of its files; None where the index does not tell.
    """

    scw: str
    start_s: float
    stop_s: float
    axes: Floats
    pointing: bool
    files: tuple[str, ...] | None

    def has_data(self, instrument: str) -> bool | None:
        """Say whether the archive has events of an instrument in it; None where that is not known."""
        if self.files is None or instrument not in _EVENTS:
            return None
        return any(name.startswith(_EVENTS[instrument]) for name in self.files)


@dataclass(frozen=True)
class Found:
    """What an index says of a time.

    Args:
        windows: that meet it, in time order, each in its newest version.
        before_s: end of the last window before it; None where there is none.
        after_s: start of the first one after it.
    """

    windows: tuple[Window, ...]
    before_s: float | None
    after_s: float | None


def windows_between(path: Path, begin_s: float, end_s: float) -> Found:
    """Return the science windows of an index that meet an interval.

    Args:
        path: the compact index of the archive, or its GNRL-SCWG-GRP-IDX table.
        begin_s: seconds (TT) since MJD 51544.
        end_s: the same.

    Raises:
        BadInput: ``BadIndex``; it cannot be read.
    """
    begin, end = begin_s / DAY_S, end_s / DAY_S
    try:
        rows = _compact(path, begin, end) if path.suffix == ".jsonl" else _table(path)
        newest = {str(row["scw"]).partition(".")[0]: row for row in sorted(rows, key=lambda row: str(row["scw"]))}
        ordered = sorted(newest.values(), key=lambda row: float(row["t_start"]))
        before = [float(row["t_stop"]) for row in ordered if float(row["t_stop"]) <= begin]
        after = [float(row["t_start"]) for row in ordered if float(row["t_start"]) >= end]
        meeting = tuple(_window(row) for row in ordered if float(row["t_start"]) < end and float(row["t_stop"]) > begin)
    except _BROKEN as error:
        text = f"the index of the archive ({path.name}) cannot be read: {error}; make it anew: odamesh archive index"
        raise BadInput("BadIndex", text) from error
    return Found(meeting, max(before) * DAY_S if before else None, min(after) * DAY_S if after else None)


def _compact(path: Path, begin: float, end: float) -> list[dict[str, Any]]:
    """Return the rows near an interval: the lines are in order of time, so that few of them need be understood."""
    lines = path.read_bytes().splitlines()

    def start(line: bytes) -> float:
        return float(json.loads(line)["t_start"])

    first = bisect_left(lines, begin - _LONGEST_D, key=start)
    last = bisect_left(lines, end, key=start)
    return [json.loads(line) for line in lines[max(0, first - 1) : last + 1]]


def _table(path: Path) -> Iterable[dict[str, Any]]:
    with fits.open(path, memmap=False) as hdus:
        rows = next(hdu for hdu in hdus[1:] if hdu.header.get("GRPNAME") == "GNRL-SCWG-GRP-IDX").data
        columns = [rows[name] for name in _COLUMNS]
    names = ("scw", "t_start", "t_stop", "ra_x", "dec_x", "ra_z", "dec_z", "sw_type")
    good = np.logical_and.reduce([np.isfinite(column) for column in columns[1:7]]) if len(columns[0]) else []
    listed = zip(zip(*columns, strict=True), good, strict=True)
    return [dict(zip(names, row, strict=True)) for row, usable in listed if usable]


def _window(row: Mapping[str, Any]) -> Window:
    files = row.get("files")
    return Window(
        scw=str(row["scw"]).strip(),
        start_s=float(row["t_start"]) * DAY_S,
        stop_s=float(row["t_stop"]) * DAY_S,
        axes=axes_of(*(float(row[name]) for name in ("ra_x", "dec_x", "ra_z", "dec_z"))),
        pointing=str(row["sw_type"]).strip().upper() == "POINTING",
        files=None if files is None else tuple(str(name) for name in files),
    )
