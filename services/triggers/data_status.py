"""Which data the instruments have of a time, and why not: their life time, the archive, times of being off."""

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import structlog

from mesh.archive.access import Archive, MissingFile
from mesh.archive.fits_table import FitsError, first_headers, unpacked_start
from mesh.archive.index import Entry, Index, read_index
from mesh.archive.locate import open_archive
from mesh.archive.off_times import OffTime, read_off_times
from mesh.archive.select import MISSION
from mesh.archive.slices import read_slice_index, slices_between
from mesh.archive.times import ijd_from_utc
from mesh.contracts.transient import InstrumentRecord
from mesh.errors import ArchiveUnavailable, BadInput
from mesh.instrument import Instrument
from mesh.instruments import instruments
from mesh.service import native

_log = structlog.get_logger(__name__)

INSTRUMENTS = ("spiacs", "isgri", "jemx", "polar")
"""In the order of the record."""
_KNOWN_SECONDS = 30.0
_INSTANT_DAYS = 1e-9
_AFTERGLOW_DAYS = 14.0
_DAY_S = 86400.0
_SHOWN = 8
_SIMULATION = "SIMULATD"
"""Card of headers by which simulated data say what they are."""
_MOST_TOLD = 1000
_HEAD_BYTES = 64 * 1024
"""Of a file: its first headers are in them."""


@dataclass
class _Slices:
    """What the archive has of an instrument that cuts its data by time."""

    read: float
    labels: Mapping[str, frozenset[str]]
    """Label -> names of the files."""
    off: list[OffTime] = field(default_factory=list)


class DataStatus:
    """Tells which data there are; keeps what it has read of the archive for half a minute.

    Args:
        address: of the archive; empty: there is none.
        run: where to read what takes long.
        clock: seconds.
        around: seconds around a trigger that are analysed.
    """

    def __init__(
        self,
        address: str,
        run: native.Run = native.directly,
        clock: Callable[[], float] = time.monotonic,
        around: float = 300.0,
    ) -> None:
        self._around = around
        self._address = address
        self._run = run
        self._clock = clock
        self._archive: Archive | None = None
        self._slices: dict[str, _Slices] = {}
        self._index: tuple[float, Index] | None = None
        self._told: dict[str | None, tuple[float, list[InstrumentRecord]]] = {}
        self._simulations: dict[str, tuple[float, str]] = {}

    def of(self, utc: str | None) -> list[InstrumentRecord]:
        """Return the status of every instrument at a time, without analyses.

        Args:
            utc: of the trigger; None: it is not known.
        """
        told = self._told.get(utc)
        if told is None or self._clock() - told[0] > _KNOWN_SECONDS:
            if len(self._told) >= _MOST_TOLD:
                self._told.clear()
            known = instruments()
            records = [self._one(known[name], utc) for name in INSTRUMENTS if name in known]
            if told is not None:
                # While an archive is away, what it said before stands: analyses that are under way go on.
                before = {one.instrument: one for one in told[1]}
                records = [before[one.instrument] if one.status == "unknown" else one for one in records]
            told = self._told[utc] = self._clock(), records
        return told[1]

    def _one(self, instrument: Instrument, utc: str | None) -> InstrumentRecord:
        operated = (instrument.archive.operated if instrument.archive else None) or MISSION
        if utc is None:
            text = "the time of the event is not known, so no data can be looked for"
            return _record(instrument, operated, "not-asked", "NoTime", text)
        try:
            ijd = ijd_from_utc(utc)
        except ValueError:
            text = f"{instrument.title} took data from {operated[0][:10]} to {operated[1][:10]}; {utc} is long before"
            return _record(instrument, operated, "no-data", "NotOperating", text)
        first, last = map(ijd_from_utc, operated)
        if not first <= ijd <= last:
            when = f"began on {operated[0][:10]}" if ijd < first else f"ended on {operated[1][:10]}"
            text = f"no data: {instrument.title} was not operating at {utc}: its operations {when}"
            return _record(instrument, operated, "no-data", "NotOperating", text)
        try:
            return self._in_archive(instrument, operated, ijd, utc)
        except (ArchiveUnavailable, BadInput, ValueError) as error:
            _log.warning("archive not read", error=str(error))  # the text may say where the archive is
            text = f"whether {instrument.title} has data is not known yet: the archive cannot be read now"
            return _record(instrument, operated, "unknown", "ArchiveUnavailable", text)

    def _in_archive(self, instrument: Instrument, operated: tuple[str, str], ijd: float, utc: str) -> InstrumentRecord:
        if not self._address:
            return _record(instrument, operated, "no-data", "NoArchive", "no data: this mesh has no archive")
        if instrument.sliced:
            return self._in_slices(instrument, operated, ijd, utc)
        return self._in_windows(instrument, operated, ijd, utc)

    def _in_slices(self, instrument: Instrument, operated: tuple[str, str], ijd: float, utc: str) -> InstrumentRecord:
        assert instrument.archive is not None and instrument.archive.slice_s is not None  # noqa: S101 - sliced
        found = self._read_slices(instrument.name)
        (part, *_) = slices_between(ijd, ijd + _INSTANT_DAYS, instrument.archive.slice_s)
        label = str(part)
        names = [name for name in instrument.archive.files if name in found.labels.get(label, ())]
        off = next((one for one in found.off if one.start <= ijd < one.stop), None)
        # Near an edge of a time of being off there are counts around the trigger: their analysis tells of both.
        if off is not None and not (names and min(ijd - off.start, off.stop - ijd) * _DAY_S < self._around):
            text = f"no data: {instrument.title} was off at {utc} ({off})"
            told = _record(instrument, operated, "no-data", "InstrumentOff", text)
            if not names:
                return told
            found_there = self._with_simulation(told, f"{part.folder(instrument.name)}/{names[0]}")
            return told.model_copy(update={"simulated": found_there.simulated})
        if names:
            text = f"the archive has data of {instrument.title} at {utc}"
            told = _record(instrument, operated, "data", "Available", text, label)
            return self._with_simulation(told, f"{part.folder(instrument.name)}/{names[0]}")
        text = f"no data: the archive of this mesh has none of {instrument.title} at {utc} (no slice {label})"
        return _record(instrument, operated, "no-data", "NotInArchive", text)

    def _in_windows(self, instrument: Instrument, operated: tuple[str, str], ijd: float, utc: str) -> InstrumentRecord:
        assert instrument.archive is not None  # noqa: S101 - it has science windows
        try:
            index = self._read_index()
        except BadInput as error:
            if error.reason != "NoArchiveIndex":
                raise
            text = f"no data: the archive of this mesh has no science windows of {instrument.title}"
            return _record(instrument, operated, "no-data", "NotInArchive", text)
        near = [one for one in index.newest() if one.t_stop > ijd and one.t_start < ijd + _AFTERGLOW_DAYS]
        there = [one for one in near if one.t_start <= ijd]
        files = instrument.archive.files
        usable = [one for one in near if one.sw_type == "POINTING" and one.file(files)]
        at_trigger = [one for one in usable if one.t_start <= ijd]
        later = [one for one in usable if one.t_start > ijd]
        told = _observed(instrument, operated, utc, there, at_trigger)
        # Where the index does not tell which files there are, the images tell what is simulated.
        listed = next((one.file(files) for one in at_trigger or later if one.files is not None), None)
        if listed is not None:
            found = self._with_simulation(told, listed)
            # That there was nothing at the time of the trigger holds whatever can be read of later windows.
            told = found if at_trigger else told.model_copy(update={"simulated": found.simulated})
        return told.model_copy(update={"later": len(later)})

    def _read_slices(self, name: str) -> _Slices:
        known = self._slices.get(name)
        if known is None or self._clock() - known.read > _KNOWN_SECONDS:
            archive = self._open()
            try:
                labels = self._where(archive)(read_slice_index, archive, name)
            except MissingFile:
                labels = {}
            known = self._slices[name] = _Slices(self._clock(), labels, read_off_times(archive, name))
        return known

    def _with_simulation(self, told: InstrumentRecord, path: str) -> InstrumentRecord:
        """Return what is told of an instrument that has data, with what their file says of a simulation.

        Of a file that cannot be read nobody knows what it holds: it is looked at again, and nothing is remembered.
        """
        try:
            simulation = self._simulation(path)
        except (MissingFile, FitsError) as error:
            _log.warning("file of the archive not read", path=path, error=str(error))
            text = f"whether {told.title} has data is not known yet: {path} of the archive is not there whole"
            return told.model_copy(
                update={"status": "unknown", "reason": "FileUnreadable", "text": text, "windows": ()}
            )
        text = f"{told.text} (simulated data)" if simulation else told.text
        return told.model_copy(update={"simulated": simulation, "text": text})

    def _simulation(self, path: str) -> str:
        """Return what a file says of its simulation; empty: it is measured.

        Raises:
            MissingFile, FitsError: it cannot be read.
        """
        known = self._simulations.get(path)
        if known is None or self._clock() - known[0] > _KNOWN_SECONDS:
            if len(self._simulations) >= _MOST_TOLD:
                self._simulations.clear()
            archive = self._open()
            found = self._where(archive)(_simulation_of, archive, path)
            known = self._simulations[path] = self._clock(), found
        return known[1]

    def _read_index(self) -> Index:
        if self._index is None or self._clock() - self._index[0] > _KNOWN_SECONDS:
            archive = self._open()
            self._index = self._clock(), self._where(archive)(read_index, archive)
        return self._index[1]

    def _open(self) -> Archive:
        if self._archive is None:
            self._archive = open_archive(self._address)
        return self._archive

    def _where(self, archive: Archive) -> native.Run:
        return self._run if archive.at_once == 1 else native.directly


def _record(
    instrument: Instrument, operated: tuple[str, str], status: str, reason: str, text: str, *windows: str
) -> InstrumentRecord:
    return InstrumentRecord.model_validate(
        {
            "instrument": instrument.name,
            "title": instrument.title,
            "status": status,
            "reason": reason,
            "text": text,
            "operated": operated,
            "windows": windows,
        }
    )


def _observed(
    instrument: Instrument, operated: tuple[str, str], utc: str, there: Sequence[Entry], usable: Sequence[Entry]
) -> InstrumentRecord:
    """Return the status of an instrument from the science windows of a time, all of them and those with its events."""
    if usable:
        text = f"{instrument.title} was observing at {utc}"
        labels = [str(one.scw) for one in usable[:_SHOWN]]
        return _record(instrument, operated, "data", "Available", text, *labels)
    if there:
        kind = there[0].sw_type.lower()
        why = f"no {instrument.title} events in {there[0].scw}" if kind == "pointing" else f"a {kind}, no pointing"
        return _record(instrument, operated, "no-data", "NoEvents", f"no data at {utc}: {why}")
    text = f"no data: the archive of this mesh has no science window of {instrument.title} at {utc}"
    return _record(instrument, operated, "no-data", "NotInArchive", text)


def _simulation_of(archive: Archive, path: str) -> str:
    found = first_headers(unpacked_start(archive.head(path, _HEAD_BYTES)))
    return next((str(header[_SIMULATION]) for header in found[:2] if _SIMULATION in header), "")
