"""Epochs of an archive: blocks of revolutions, and the windows that stand for the background of each.

Which windows those are depends on the archive alone, never on a request, so that all requests share what is made of
them. They are taken in the order of a hash of their identifiers: a window that joins the archive later takes the place
of at most a few, and what is made of the others stays.
"""

import hashlib
from collections.abc import Mapping, Sequence

from mesh.archive.index import Entry, Index
from mesh.archive.scw import ScwId
from mesh.archive.select import separation_deg
from mesh.instrument import Epochs


def epoch_of(label: str, epochs: Epochs) -> str:
    """Return the name of the epoch of a science window: its first and last revolution, ``epoch-2000-2019``."""
    return _name(ScwId.parse(label).revolution, epochs)


def windows_of_epochs(
    index: Index, labels: Sequence[str], epochs: Epochs, files: Sequence[str]
) -> Mapping[str, tuple[str, ...]]:
    """Return the windows of the epochs of some windows: epoch -> labels.

    No two of an epoch are nearer than ``apart_deg``: a source that is too faint to be found in one of them then lights
    the same pixels in one of them only. Epochs in which none of the given windows has enough others are left out.

    Args:
        index: of the archive.
        labels: science windows with their versions.
        epochs: how long they are, and how many windows they take.
        files: names of the events file, in order of preference.
    """
    asked: dict[int, list[str]] = {}
    for label in labels:
        asked.setdefault(ScwId.parse(label).revolution // epochs.revolutions, []).append(label)
    candidates: dict[int, list[Entry]] = {number: [] for number in asked}
    for entry in index.newest():
        number = entry.scw.revolution // epochs.revolutions
        if number in candidates and entry.sw_type == "POINTING" and entry.file(files):
            candidates[number].append(entry)
    found = {}
    for number, own in sorted(asked.items()):
        chosen = sorted(str(entry.scw) for entry in _spread(candidates[number], epochs))
        near = windows_near(index, own, chosen, epochs)
        if any(len(chosen) - len(near.get(label, ())) >= epochs.least for label in own):
            found[_name(number * epochs.revolutions, epochs)] = tuple(chosen)
    return found


def windows_near(
    index: Index, labels: Sequence[str], chosen: Sequence[str], epochs: Epochs
) -> dict[str, frozenset[str]]:
    """Return the chosen windows of its epoch that point where a window does, for each that has such; itself is one."""
    there: dict[str, list[tuple[str, Entry]]] = {}
    for label in chosen:
        if entry := index.find(ScwId.parse(label)):
            there.setdefault(epoch_of(label, epochs), []).append((label, entry))
    found = {}
    for label in labels:
        own = index.find(ScwId.parse(label))
        others = there.get(epoch_of(label, epochs), ())
        near = frozenset(other for other, entry in others if own is not None and _near(own, entry, epochs))
        if near:
            found[label] = near
    return found


def _name(revolution: int, epochs: Epochs) -> str:
    first = revolution // epochs.revolutions * epochs.revolutions
    return f"epoch-{first:04d}-{first + epochs.revolutions - 1:04d}"


def _spread(entries: Sequence[Entry], epochs: Epochs) -> list[Entry]:
    chosen: list[Entry] = []
    for entry in sorted(entries, key=_rank):
        if len(chosen) == epochs.windows:
            break
        if not any(_near(entry, other, epochs) for other in chosen):
            chosen.append(entry)
    return chosen


def _rank(entry: Entry) -> bytes:
    return hashlib.sha256(entry.scw.swid.encode("ascii")).digest()


def _near(one: Entry, other: Entry, epochs: Epochs) -> bool:
    # Declinations first: most pairs need no trigonometry.
    if abs(one.dec_x - other.dec_x) >= epochs.apart_deg:
        return False
    return separation_deg(one.ra_x, one.dec_x, other.ra_x, other.dec_x) < epochs.apart_deg
