"""Reading and validation of an ISDC event file (isgri_events.fits, compressed or not)."""

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
from services.isgri.analysis.detector import SHAPE, module_map
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.strobes import Strobes

_COLUMNS = ("DETY", "DETZ", "ISGRI_ENERGY", "SELECT_FLAG", "TIME")
_NOTHING = ("NoISGRIEvents", "ISGRI took no data in this window")
_MOST_UNKNOWN = 0.25
"""Share of events of unknown energy that is worth a word; real windows have some 5 %."""


@dataclass(frozen=True)
class Events:
    """Events and facts of one science window.

    Times are seconds after ``tstart_ijd`` (TT) and ascend.
    ``row`` and ``column`` are DETZ and DETY. ``noisy`` marks events of
    pixels that the on-ground processing flagged. ``gti`` has shape (intervals, 2) and is None when the file has no
    table of good times. ``live_fraction`` is the DEADC keyword, or None; ``strobes`` what housekeeping says of dead
    time, where the archive has it. ``slew`` says that the attitude changed.
    ``validation`` takes what is found in the file and in its events.
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
    strobes: Strobes | None = None
    validation: Validation = field(default_factory=lambda: Validation("the event file"))


def read_events(path: Path) -> Events:
    """Read an event file and validate it.

    Raises:
        BadInput: NoISGRIEvents when there is nothing to analyse, ScWDataCorrupted when the file cannot be trusted.
    """
    return validated_events(read_table(path))


def read_table(path: Path) -> EventTable:
    """Read an event file as it is; raises as ``read_events``."""
    return read_event_table(path, "ISGR-EVTS-ALL", _COLUMNS, "IBIS-GNRL-GTI", _NOTHING)


def validated_events(table: EventTable) -> Events:
    """Return the events that can be used, in the order of time; what was wrong with others is in ``validation``.

    Raises:
        BadInput: ScWDataCorrupted: the file cannot be trusted.
    """
    validation = table.validation
    attitude = table.attitude(INSTRUMENT)
    tstart = table.required("TSTART", "the start of the window")
    columns = dict(table.columns)
    time = (columns.pop("TIME").astype(np.float64) - tstart) * DAY_S
    length = window_length_s(table, tstart, time)
    total = time.size
    kept = within_window(time, length, validation)
    on_detector = _on_detector(columns["DETZ"], columns["DETY"])
    validation.lost(int((~on_detector).sum()), total, "a place on the detector")
    kept &= on_detector
    if not kept.any():
        raise validation.damaged("has no event with a valid time and place")
    if not kept.all():
        time, columns = time[kept], {name: values[kept] for name, values in columns.items()}
    if np.any(time[1:] < time[:-1]):
        validation.note("the events are not in the order of time; they were sorted")
        order = np.argsort(time, kind="stable")
        time, columns = time[order], {name: values[order] for name, values in columns.items()}
    energy = _energies(columns["ISGRI_ENERGY"].astype(np.float32), validation)
    row, column = (np.ascontiguousarray(columns[name], np.uint8) for name in ("DETZ", "DETY"))
    noisy = columns["SELECT_FLAG"] != 0
    twice = doubled_events(time, row, column, energy)
    if twice.any():
        validation.warn(f"{counted(int(twice.sum()), 'event')} of {total} stand in the file twice; each counts once")
        once = ~twice
        time, energy, row, column, noisy = time[once], energy[once], row[once], column[once], noisy[once]
    validation.note(f"{time.size} of {total} events in {length:.1f} s are valid")
    return Events(
        swid=table.word("SWID"),
        tstart_ijd=tstart,
        tstop_ijd=tstart + length / DAY_S,
        attitude=attitude,
        time_s=time,
        energy_kev=energy,
        row=row,
        column=column,
        noisy=noisy,
        gti=good_times(table, tstart, length, "MERGED_ISGRI"),
        live_fraction=table.number("DEADC"),
        revolution=int(table.number("REVOL") or 0),
        slew=table.word("SW_TYPE") == "SLEW",
        validation=validation,
    )


def _on_detector(row: NDArray[np.integer], column: NDArray[np.integer]) -> NDArray[np.bool_]:
    """Which events lie in a pixel of a module."""
    inside = (row >= 0) & (row < SHAPE[0]) & (column >= 0) & (column < SHAPE[1])
    inside[inside] = module_map()[row[inside], column[inside]] >= 0
    return inside


def _energies(energy_kev: NDArray[np.float32], validation: Validation) -> NDArray[np.float32]:
    """Energies with 0, the archive's own word for an unknown one, in place of what is no number.

    Raises:
        BadInput: ScWDataCorrupted: too many have none.
    """
    known = np.isfinite(energy_kev)
    validation.lost(int((~known).sum()), energy_kev.size, "an energy that is a number")
    energies: NDArray[np.float32] = np.where(known & (energy_kev > 0.0), energy_kev, np.float32(0.0))
    measured = int(np.count_nonzero(energies))
    if not measured:
        raise validation.damaged(f"has no energy (ISGRI_ENERGY) for any of its {energies.size} events")
    if measured < (1.0 - _MOST_UNKNOWN) * energies.size:
        validation.warn(
            f"{energies.size - measured} of {energies.size} events are of unknown energy (ISGRI_ENERGY 0), far more "
            "than in other windows; fluxes lack as much"
        )
    return energies
