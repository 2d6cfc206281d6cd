"""Simulates a part of the archive of the mesh under test once, and again when the programs that make it have changed.

The archive outlives a run of the tests: without that, a later one would be told what simulators once wrote.
"""

from collections.abc import Callable, Sequence
from hashlib import sha256
from pathlib import Path

_CHECKOUT = Path(__file__).parents[1]


def simulated_once(root: Path, name: str, programs: Sequence[str], make: Callable[[], None]) -> None:
    """Have a part of an archive made, unless these very programs have made it.

    Args:
        root: directory of the archive.
        name: of the part.
        programs: files and folders of this checkout that decide what it holds.
        make: writes it.
    """
    mark, now = mark_of(root, name), _hash_of(programs)
    if not (mark.is_file() and mark.read_text(encoding="utf-8") == now):
        make()
        mark.write_text(now, encoding="utf-8")


def mark_of(root: Path, name: str) -> Path:
    """Return the file that says which programs have made a part of an archive."""
    return root / f"{name}-made-by"


def _hash_of(programs: Sequence[str]) -> str:
    digest = sha256()
    for program in programs:
        place = _CHECKOUT / program
        for file in sorted(place.rglob("*.py")) if place.is_dir() else (place,):
            digest.update(f"{file.relative_to(_CHECKOUT)}\n".encode() + file.read_bytes())
    return digest.hexdigest()
