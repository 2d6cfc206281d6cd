"""From a selection, and from files that a request names itself, to labelled archive inputs, and what is refused."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import PurePosixPath

import structlog

from mesh.archive import epochs
from mesh.archive.access import Archive, MissingFile, joined_stamp, side_by_side
from mesh.archive.extent import check_count, count_bound
from mesh.archive.index import COMPACT_PATH, FITS_PATHS, Entry, Index, read_index
from mesh.archive.locate import open_archive
from mesh.archive.scw import ScwId
from mesh.archive.select import Rejected, select
from mesh.contracts import ArchiveInput, Selection, UnitInput
from mesh.errors import ArchiveUnavailable, BadInput, InvalidSelection
from mesh.instrument import ArchiveFiles, Instrument
from mesh.service import native
from services.dispatcher.slices import find_slices

_log = structlog.get_logger(__name__)


@dataclass(frozen=True)
class Windows:
    """The science windows, or slices of time, of a run.

    Args:
        inputs: label -> its archive input (None for an instrument that reads no archive), in the order of the table.
        rejected: windows that were asked for and cannot be analysed.
    """

    inputs: dict[str, ArchiveInput | None]
    rejected: tuple[Rejected, ...] = ()

    def __len__(self) -> int:
        """Return how many there are, the rejected ones included."""
        return len(self.inputs) + len(self.rejected)


class WindowSource:
    """Finds the science windows of a selection; keeps the index of the archive while its file stays the same.

    Args:
        address: of the archive; empty for a mesh that has none.
        most: windows or slices that one request may have.
        native: where to do what takes long without a pause. A far archive is not read there: waiting for its answers is
            a pause, and its connections belong to the green threads.
    """

    def __init__(self, address: str, most: int, native: native.Run = native.directly) -> None:
        self._address = address
        self._most = most
        self._native = native
        self._archive: Archive | None = None
        self._index: tuple[str, Index] | None = None

    def find(self, instrument: Instrument, selection: Selection) -> Windows:
        """Return the science windows, or slices, of a selection.

        Raises:
            InvalidSelection: malformed, more than a request may have, or nothing is left to analyse.
            BadInput: the archive has no usable index.
            ArchiveUnavailable: there is no archive, or it does not answer.
        """
        if instrument.archive is None:
            check_count(instrument, selection, count_bound(instrument, selection) or 0, self._most)
            return _as_given(instrument.name, selection)
        archive = self._open()
        return self._where(archive)(self._find, archive, instrument, selection)

    def files(self, named: Mapping[str, Sequence[str]]) -> tuple[UnitInput, ...]:
        """Return the files that a request names itself, by parameter.

        Raises:
            BadInput: the archive lacks a file.
            ArchiveUnavailable: there is no archive, or it does not answer.
        """
        if not any(named.values()):
            return ()
        archive = self._open()
        return self._where(archive)(lambda: tuple(named_files(named, archive)))

    def listed(self, instrument: Instrument, labels: Sequence[str]) -> Windows:
        """Return the archive inputs of science windows that were found earlier; what is gone since is left out.

        Raises:
            BadInput: the archive has no usable index.
            ArchiveUnavailable: there is no archive, or it does not answer.
        """
        archive = self._open()
        index = self._read_index(archive)
        entries = [entry for label in labels if (entry := index.find(ScwId.parse(label)))]

        def look() -> Windows:
            found = side_by_side(archive, partial(_look_up, archive, instrument), entries)
            return Windows({one.label: one for one in found if not isinstance(one, Rejected)})

        return self._where(archive)(look)

    def epochs(self, instrument: Instrument, labels: Sequence[str]) -> Mapping[str, tuple[str, ...]]:
        """Return the windows that the mesh chooses of the epochs of some science windows: epoch -> labels.

        Raises:
            BadInput: the archive has no usable index.
            ArchiveUnavailable: there is no archive, or it does not answer.
        """
        if instrument.epochs is None or instrument.archive is None:
            return {}
        index = self._read_index(self._open())
        return self._native(epochs.windows_of_epochs, index, labels, instrument.epochs, instrument.archive.files)

    def near(
        self, instrument: Instrument, labels: Sequence[str], others: Sequence[str]
    ) -> Mapping[str, frozenset[str]]:
        """Return those of some other windows that point where a science window does, for each that has such.

        Raises:
            BadInput: the archive has no usable index.
            ArchiveUnavailable: there is no archive, or it does not answer.
        """
        if instrument.epochs is None or not others:
            return {}
        index = self._read_index(self._open())
        return self._native(epochs.windows_near, index, labels, others, instrument.epochs)

    def beside(self, named: Mapping[str, Sequence[str]]) -> tuple[UnitInput, ...]:
        """Return of each kind the first file that the archive has, if it has one.

        Args:
            named: kind -> paths below the archive, in order of preference.

        Raises:
            ArchiveUnavailable: it does not answer.
        """
        if not named or not self._address:
            return ()
        archive = self._open()
        return self._where(archive)(lambda: tuple(files_beside(named, "archive", "", archive)))

    def beside_windows(
        self, named: Mapping[str, Sequence[str]], labels: Sequence[str]
    ) -> dict[str, tuple[ArchiveInput, ...]]:
        """Return the same of the folder of each science window, by label.

        Where the index tells which files a window has, the archive is not asked for others.

        Args:
            named: kind -> names of files, in order of preference.
            labels: of the windows.

        Raises:
            BadInput: the archive has no usable index.
            ArchiveUnavailable: it does not answer.
        """
        if not named or not self._address:
            return {}
        archive = self._open()
        index = self._read_index(archive)

        def look(label: str) -> tuple[ArchiveInput, ...]:
            scw = ScwId.parse(label)
            entry = index.find(scw)
            if entry is None or entry.files is None:
                return tuple(files_beside(named, label, f"{scw.path}/", archive))
            there = {kind: [name for name in names if name in entry.files] for kind, names in named.items()}
            return tuple(files_beside(there, label, f"{scw.path}/", archive))

        return self._where(archive)(lambda: dict(zip(labels, side_by_side(archive, look, labels), strict=True)))

    def _where(self, archive: Archive) -> native.Run:
        return self._native if archive.at_once == 1 else native.directly

    def _find(self, archive: Archive, instrument: Instrument, selection: Selection) -> Windows:
        if instrument.sliced:
            found, lacking = find_slices(archive, instrument, selection, self._most, self._native)
            return Windows(found, tuple(lacking))
        assert instrument.archive is not None  # noqa: S101 - `find` has asked
        check_count(instrument, selection, count_bound(instrument, selection) or 0, self._most)
        index = self._read_index(archive)
        files = instrument.archive.files
        chosen = self._native(select, index, selection, instrument=instrument.name, files=files)
        check_count(instrument, selection, len(chosen.entries), self._most)
        inputs: dict[str, ArchiveInput | None] = {}
        rejected = list(chosen.rejected)
        for one in side_by_side(archive, partial(_look_up, archive, instrument), chosen.entries):
            if isinstance(one, Rejected):
                rejected.append(one)
            else:
                inputs[one.label] = one
        if not inputs:
            raise _nothing_left(rejected)
        return Windows(inputs, tuple(rejected))

    def _open(self) -> Archive:
        if not self._address:
            text = "this mesh has no archive; its operator sets ODAMESH_ARCHIVE to a directory or an address"
            raise ArchiveUnavailable("NoArchive", text)
        if self._archive is None:
            try:
                self._archive = open_archive(self._address)
            except ValueError as error:
                # The text reaches callers, who need not know where the archive is.
                _log.warning("archive cannot be opened; set ODAMESH_ARCHIVE", error=str(error))
                text = "the archive of this mesh cannot be opened; its operator finds why in the dispatcher's log"
                raise ArchiveUnavailable("ArchiveUnavailable", text) from error
        return self._archive

    def _read_index(self, archive: Archive) -> Index:
        stamp, known = _index_stamp(archive), self._index
        if known is None or known[0] != stamp:
            self._index = known = stamp, read_index(archive)
        return known[1]


def _index_stamp(archive: Archive) -> str:
    for path in (COMPACT_PATH, *FITS_PATHS):
        try:
            return archive.stamp(path)
        except MissingFile:
            continue
    return ""


def _look_up(archive: Archive, instrument: Instrument, entry: Entry) -> ArchiveInput | Rejected:
    assert instrument.archive is not None  # noqa: S101 - `find` has asked
    try:
        return _input(archive, entry, instrument.archive)
    except MissingFile as error:
        # Only where the index does not tell which files a window has.
        return Rejected(str(entry.scw), f"No{instrument.name.upper()}Events", error.text)
    except BadInput as error:
        return Rejected(str(entry.scw), error.reason, error.text)


def _input(archive: Archive, entry: Entry, declared: ArchiveFiles) -> ArchiveInput:
    if entry.files is None:
        names: Sequence[str] = declared.files
    else:
        names = [name for name in declared.files if name in entry.files]
    found: dict[str, str] = {}
    for name in names:
        try:
            found[name] = archive.stamp(f"{entry.scw.path}/{name}")
        except MissingFile:
            continue
        if not declared.together:
            break
    if not found:
        raise MissingFile(f"{entry.scw.path}/{declared.files[0]}")
    return ArchiveInput(
        role=declared.role,
        label=str(entry.scw),
        path=entry.scw.path,
        files=tuple(found),
        stamp=joined_stamp(found.values()),
    )


def _as_given(name: str, selection: Selection) -> Windows:
    if not selection.scws:
        text = f"{name} reads no archive: give it a list of science windows"
        raise InvalidSelection(text, field="selection.scws", allowed="list of science windows")
    inputs: dict[str, ArchiveInput | None] = {}
    rejected = []
    for text in dict.fromkeys(selection.scws):
        try:
            inputs[str(ScwId.parse(text))] = None
        except ValueError as error:
            rejected.append(Rejected(text, "MalformedScW", str(error)))
    if not inputs:
        raise _nothing_left(rejected)
    return Windows(inputs, tuple(rejected))


def _nothing_left(rejected: Sequence[Rejected]) -> InvalidSelection:
    text = f"none of the {len(rejected)} science windows can be analysed: {rejected[0].text}"
    return InvalidSelection(text, field="selection.scws")


def named_files(named: Mapping[str, Sequence[str]], archive: Archive) -> Iterator[ArchiveInput]:
    """Yield an input for each file; its role is the name of the parameter.

    The label says which entry of the list the file belongs to and which file of that entry it is, e.g. ``0-2``.

    Args:
        named: parameter -> entries, each of paths below the archive, separated by commas.
        archive: where they are.

    Raises:
        BadInput: reason ``NoSuchFile``; the archive has no such file.
        ArchiveUnavailable: it does not answer.
    """
    for name, entries in named.items():
        for number, entry in enumerate(entries):
            for position, path in enumerate(entry.split(",")):
                yield _named(name, f"{number}-{position}", path, archive)


def files_beside(
    named: Mapping[str, Sequence[str]], label: str, folder: str, archive: Archive
) -> Iterator[ArchiveInput]:
    """Yield an input for the first file of each kind that the archive has; its role is the kind.

    Args:
        named: kind -> paths below the folder, in order of preference.
        label: of the inputs.
        folder: below the archive, with a slash at its end; empty for the archive itself.
        archive: where they may be.

    Raises:
        ArchiveUnavailable: it does not answer.
    """
    for kind, paths in named.items():
        for path in paths:
            try:
                stamp = archive.stamp(folder + path)
            except MissingFile:
                continue
            parts = PurePosixPath(folder + path)
            yield ArchiveInput(role=kind, label=label, path=str(parts.parent), files=(parts.name,), stamp=stamp)
            break


def _named(role: str, label: str, path: str, archive: Archive) -> ArchiveInput:
    try:
        stamp = archive.stamp(path)
    except MissingFile as error:
        text = f"{error.text}; give its path below the archive, and ask its operator to put it there"
        raise BadInput("NoSuchFile", text) from error
    parts = PurePosixPath(path)
    return ArchiveInput(role=role, label=label, path=str(parts.parent), files=(parts.name,), stamp=stamp)
