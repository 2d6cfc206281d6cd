"""What a hostile unit leaves for the next one to find, and looks for of those before it."""

import ctypes
import os
import signal
from collections.abc import Iterator
from pathlib import Path

from mesh.kit import Unit

_MARK = "left-behind"
_SHARED_MEMORY_KEY, _CREATE = 0x0DA, 0o1600
_QUEUE = f"/{_MARK}".encode()
_PSEUDO = ("/proc", "/sys", "/dev/pts")
_LIBRARY = ctypes.CDLL(None, use_errno=True)


def leave() -> None:
    """Leave a file in a closed directory, a process out of its group, shared memory and a message queue."""
    closed = Path("/tmp", _MARK, "closed")  # noqa: S108 - the container's own
    closed.mkdir(parents=True)
    (closed / _MARK).write_text("x")
    closed.chmod(0)
    closed.parent.chmod(0)
    _LIBRARY.shmget(_SHARED_MEMORY_KEY, 4096, _CREATE)
    _LIBRARY.mq_open(_QUEUE, os.O_CREAT | os.O_RDWR, 0o600, None)
    if os.fork() == 0:
        os.setsid()
        if os.fork() == 0:
            signal.pause()
        os._exit(0)


def found(unit: Unit) -> list[str]:
    """Return what of other units can be seen from here."""
    return sorted({*_files(unit), *_processes(), *_memory()})


def _files(unit: Unit) -> Iterator[str]:
    own = unit.out.parent
    names = {"unit.json", "steps.jsonl", "credentials.toml", _MARK}
    for folder, inside, files in os.walk("/"):
        inside[:] = [name for name in inside if str(Path(folder, name)) not in _PSEUDO]
        for name in {*inside, *files} & names:
            if (path := Path(folder, name)).parent not in (own, unit.out):
                yield str(path)
        if Path(folder) == own / "in":
            known = {entry.role for role in inside for entry in unit.inputs(role)}
            yield from (str(Path(folder, name)) for name in {*inside, *files} - known)


def _processes() -> Iterator[str]:
    for path in Path("/proc").glob("[0-9]*/stat"):
        number = int(path.parent.name)
        if number not in (1, os.getpid(), os.getppid()):
            yield f"process {number}"


def _memory() -> Iterator[str]:
    if _LIBRARY.shmget(_SHARED_MEMORY_KEY, 0, 0) != -1:
        yield "shared memory"
    if _LIBRARY.mq_open(_QUEUE, os.O_RDWR) != -1:
        yield "message queue"
