"""Files of the archive that a request names itself, by their paths: inputs of every unit of a stage."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import PurePosixPath

from mesh.archive.access import Archive, MissingFile
from mesh.contracts import ArchiveInput
from mesh.errors import BadInput


def named_files(named: Mapping[str, Sequence[str]], archive: Callable[[], Archive]) -> Iterator[ArchiveInput]:
    """Yield an input for each file; its role is the name of the parameter.

    The label says which entry of the list the file belongs to and which file of that entry it is, e.g. ``0-2``.

    Args:
        named: parameter -> entries, each of paths below the archive, separated by commas.
        archive: opens it.

    Raises:
        BadInput: reason ``NoSuchFile``; the archive has no such file.
        ArchiveUnavailable: there is no archive, or it does not answer.
    """
    for name, entries in named.items():
        for number, entry in enumerate(entries):
            for position, path in enumerate(entry.split(",")):
                yield _file(name, f"{number}-{position}", path, archive())


def _file(role: str, label: str, path: str, archive: Archive) -> ArchiveInput:
    try:
        stamp = archive.stamp(path)
    except MissingFile as error:
        text = f"{error.text}; give its path below the archive, and ask its operator to put it there"
        raise BadInput("NoSuchFile", text) from error
    parts = PurePosixPath(path)
    return ArchiveInput(role=role, label=label, path=str(parts.parent), files=(parts.name,), stamp=stamp)
