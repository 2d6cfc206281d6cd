"""Reading and validation of a JEM-X event file (JMXi-FULL-ALL and JMXi-GNRL-GTI)."""

from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mesh.kit.ogip.observation import DAY_S
from science.coded_mask.doubled import doubled_events
from science.coded_mask.event_file import EventTable, read_event_table
from science.coded_mask.geometry import Attitude
from science.coded_mask.good_time import good_times, window_length_s, within_window
from science.coded_mask.validation import Validation, counted
from services.jemx.analysis.grey_filter import ALL, GreyFilter
from services.jemx.analysis.instrument import instrument

_COLUMNS = ("PI", "DETX", "DETY", "STATUS", "TIME")
_GREY = "GREY_FILTER"
_LAST_CHANNEL = 255


@dataclass(frozen=True)
class Events:
    """Events of one unit in one science window.

    Times are seconds after ``tstart_ijd`` (TT) and ascend. ``z_mm`` and ``y_mm`` are places on the detector. ``gti``
    has shape (intervals, 2) and is None when the file has no good times, ``live_fraction`` the DEADC keyword or None.
    ``grey`` are the settings of the grey filter; without its column it accepted all. ``validation`` takes what is found
    in the file and in its events.
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
    validation: Validation = field(default_factory=lambda: Validation("the event file"))


def read_events(path: Path, unit: int) -> Events:
    """Read the event file of a unit and validate it.

    Raises:
        BadInput: NoJEMXEvents when there is nothing to analyse, RestrictedImaging when there are restricted images
            alone, ScWDataCorrupted when the file cannot be trusted.
    """
    return validated_events(read_table(path, unit), unit)


def read_table(path: Path, unit: int) -> EventTable:
    """Read the event file of a unit as it is; raises as ``read_events``."""
    nothing = ("NoJEMXEvents", f"JEM-X {unit} took no full imaging data in this window")
    restricted = (
        f"JMX{unit}-REST-ALL",
        "RestrictedImaging",
        f"JEM-X {unit} sent restricted images, which have eight energies and no times of events, and are not analysed",
    )
    return read_event_table(path, f"JMX{unit}-FULL-ALL", _COLUMNS, f"JMX{unit}-GNRL-GTI", nothing, (_GREY,), restricted)


def validated_events(table: EventTable, unit: int) -> Events:
    """Return the events that can be used, in the order of time; what was wrong with others is in ``validation``.

    Raises:
        BadInput: ScWDataCorrupted: the file cannot be trusted.
    """
    validation = table.validation
    attitude = table.attitude(instrument(unit))
    tstart = table.required("TSTART", "the start of the window")
    columns = dict(table.columns)
    time = (columns.pop("TIME").astype(np.float64) - tstart) * DAY_S
    length = window_length_s(table, tstart, time)
    total = time.size
    kept = within_window(time, length, validation)
    placed = np.isfinite(columns["DETX"]) & np.isfinite(columns["DETY"])
    validation.lost(int((~placed).sum()), total, "a place on the detector")
    channels = (columns["PI"] >= 0) & (columns["PI"] <= _LAST_CHANNEL)
    validation.lost(int((~channels).sum()), total, "a channel (PI from 0 to 255)")
    kept &= placed & channels
    if not kept.any():
        raise validation.damaged("has no event with a valid time and place")
    order = np.flatnonzero(kept)
    if np.any(np.diff(time[order]) < 0.0):
        validation.note("the events are not in the order of time; they were sorted")
        order = order[np.argsort(time[order], kind="stable")]
    z, y = (columns[name][order].astype(np.float32).view(np.int32) for name in ("DETY", "DETX"))
    twice = doubled_events(time[order], z, y, columns["PI"][order].astype(np.float32))
    if twice.any():
        validation.warn(f"{counted(int(twice.sum()), 'event')} of {total} stand in the file twice; each counts once")
        order = order[~twice]
    time, columns = time[order], {name: values[order] for name, values in columns.items()}
    validation.note(f"{time.size} of {total} events of JEM-X {unit} in {length:.1f} s are valid")
    setting = columns[_GREY].astype(np.uint8) if _GREY in columns else np.full(time.size, ALL, np.uint8)
    return Events(
        unit=unit,
        swid=table.word("SWID"),
        revolution=int(table.number("REVOL") or 0),
        tstart_ijd=tstart,
        tstop_ijd=tstart + length / DAY_S,
        attitude=attitude,
        time_s=time,
        channel=columns["PI"].astype(np.uint8),
        z_mm=columns["DETY"].astype(np.float64),
        y_mm=columns["DETX"].astype(np.float64),
        status=columns["STATUS"].astype(np.int32),
        gti=good_times(table, tstart, length, "MERGED"),
        live_fraction=table.number("DEADC"),
        grey=GreyFilter(time, setting),
        slew=table.word("SW_TYPE") == "SLEW",
        validation=validation,
    )
