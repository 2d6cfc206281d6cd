"""Runs one unit in a fork of a process that has the analysis loaded, and tells how it ended."""

import contextlib
import os
import selectors
import shutil
import signal
import socket
import time
import traceback
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from mesh.kit.analysis import Analysis, run_unit
from mesh.kit.boundedlog import BoundedLog
from mesh.kit.cgroup import memory_kills
from mesh.kit.rlimits import apply_limits, prefer_as_victim

_LOG_LIMIT = 1 << 20
_CHUNK = 1 << 16


class OwnerGone(Exception):
    """The process that asked for the unit closed its connection."""


@dataclass(frozen=True)
class Ending:
    """How a forked unit ended."""

    status: int | None
    """Exit status, or None when a signal ended it."""
    signal: int | None
    out_of_memory: bool
    """The kernel killed at the memory limit while the unit ran."""
    peak_rss_mb: float
    seconds: float
    log: str
    """What the unit wrote on standard output and error."""


def run_forked(analysis: Analysis, directory: Path, limits: Mapping[str, float], owner: socket.socket) -> Ending:
    """Fork, run the unit in *directory*, wait for it, and leave nothing of it behind.

    Args:
        analysis: the loaded package.
        directory: unit directory.
        limits: see :func:`mesh.kit.rlimits.apply_limits`.
        owner: connection of the asker.

    Raises:
        OwnerGone: the asker hung up; the unit has been killed.
    """
    kills = memory_kills()
    began = time.monotonic()
    reading, writing = os.pipe()
    woken, waker = socket.socketpair()
    waker.setblocking(False)
    previous = signal.set_wakeup_fd(waker.fileno(), warn_on_full_buffer=False)
    before = signal.signal(signal.SIGCHLD, _note)
    pid = os.fork()
    if pid == 0:
        _be_the_unit(analysis, directory, limits, writing, (owner, woken, waker))
    os.close(writing)
    _lead_a_group(pid)
    log = BoundedLog(_LOG_LIMIT)
    try:
        waited, usage = _wait(pid, reading, woken, owner, log)
    finally:
        _clean_up(pid)
        signal.set_wakeup_fd(previous)
        signal.signal(signal.SIGCHLD, before)
        _drain(reading, log)
        os.close(reading)
        woken.close()
        waker.close()
    code = os.waitstatus_to_exitcode(waited)
    return Ending(
        status=code if code >= 0 else None,
        signal=-code if code < 0 else None,
        out_of_memory=memory_kills() > kills,
        peak_rss_mb=round(usage / 1024, 1),
        seconds=round(time.monotonic() - began, 4),
        log=log.text(),
    )


def _note(*_: object) -> None:
    """Do nothing: a handler must exist for the wake-up descriptor to be written."""


def _be_the_unit(
    analysis: Analysis, directory: Path, limits: Mapping[str, float], log: int, not_ours: tuple[socket.socket, ...]
) -> None:
    status = os.EX_SOFTWARE
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        for connection in not_ours:
            connection.close()
        _lead_a_group(0)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.close(nothing)
        os.close(log)
        prefer_as_victim()
        apply_limits(limits)
        status = run_unit(directory, lambda: analysis)
    except BaseException:
        traceback.print_exc()
    finally:
        # Never back into the server's own code, whatever happened.
        os._exit(status)


def _lead_a_group(pid: int) -> None:
    # Parent and child both call it: whoever comes first, the group is there before anybody signals it.
    with contextlib.suppress(OSError):
        os.setpgid(pid, pid)


def _wait(pid: int, reading: int, woken: socket.socket, owner: socket.socket, log: BoundedLog) -> tuple[int, int]:
    """Collect the log until process *pid* ends; return its wait status and peak resident size in KiB."""
    with selectors.DefaultSelector() as selector:
        selector.register(reading, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        selector.register(owner, selectors.EVENT_READ)
        while True:
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if ended:
                return status, usage.ru_maxrss
            for key, _ in selector.select():
                if key.fileobj is reading:
                    data = os.read(reading, _CHUNK)
                    log.add(data)
                    if not data:
                        selector.unregister(reading)
                elif key.fileobj is woken:
                    woken.recv(_CHUNK)
                elif not owner.recv(1, socket.MSG_PEEK):
                    raise OwnerGone
                else:
                    # Another line while a unit runs: its owner wants it ended, and still wants the answer.
                    selector.unregister(owner)
                    os.killpg(pid, signal.SIGKILL)


def _clean_up(pid: int) -> None:
    """End whatever the unit started and empty the temporary directory."""
    alone = os.getpid() == 1
    with contextlib.suppress(ProcessLookupError):
        # Process 1 of a container reaches every process in it; elsewhere only the unit's own group may be touched.
        if alone:
            os.kill(-1, signal.SIGKILL)
        else:
            os.killpg(pid, signal.SIGKILL)
    with contextlib.suppress(ChildProcessError):
        while True:
            os.waitpid(-1 if alone else pid, 0)
    if alone:
        for path in Path("/tmp").iterdir():  # noqa: S108 - the container's own
            if path.is_dir() and not path.is_symlink():
                shutil.rmtree(path, ignore_errors=True)
            else:
                path.unlink(missing_ok=True)


def _drain(reading: int, log: BoundedLog) -> None:
    os.set_blocking(reading, False)
    with contextlib.suppress(BlockingIOError):
        while data := os.read(reading, _CHUNK):
            log.add(data)
