"""Runs one unit in a fork of a process that has the analysis loaded, and tells how it ended."""

import contextlib
import os
import selectors
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
from mesh.kit.owner import Owner
from mesh.kit.rlimits import apply_limits, be_traceable, prefer_as_victim
from mesh.kit.traces import end_processes

_LOG_PART = 1 << 16
_CHUNK = 1 << 16


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


def run_forked(analysis: Analysis, directory: Path, limits: Mapping[str, float], owner: Owner) -> Ending:
    """Fork, run the unit in *directory*, wait for it, and leave no process of it behind.

    While it runs the owner may send ``{"log": position}``, which is answered with the newest part of the log after
    that position, ``{"log_from": where it begins, "log_part": bytes as Latin-1}``; and ``{"kill": true}``.

    Args:
        analysis: the loaded package.
        directory: unit directory.
        limits: see :func:`mesh.kit.rlimits.apply_limits`.
        owner: who asked.

    Raises:
        OwnerGone: it hung up; the unit has been killed.
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
        _be_the_unit(analysis, directory, limits, writing, (reading, woken.detach(), waker.detach()), owner=owner)
    os.close(writing)
    _lead_a_group(pid)
    log = BoundedLog()
    try:
        waited, usage = _wait(pid, reading, woken, owner, log)
    finally:
        end_processes(pid)
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
    analysis: Analysis,
    directory: Path,
    limits: Mapping[str, float],
    log: int,
    not_ours: tuple[int, ...],
    *,
    owner: Owner,
) -> None:
    status = os.EX_SOFTWARE
    try:
        signal.set_wakeup_fd(-1)
        for number in (signal.SIGCHLD, signal.SIGTERM):
            signal.signal(number, signal.SIG_DFL)
        owner.give_up()
        for descriptor in not_ours:
            os.close(descriptor)
        _lead_a_group(0)
        nothing = os.open(os.devnull, os.O_RDONLY)
        for source, target in ((nothing, 0), (log, 1), (log, 2)):
            os.dup2(source, target)
        os.close(nothing)
        os.close(log)
        be_traceable(yes=True)
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


def _wait(pid: int, reading: int, woken: socket.socket, owner: Owner, log: BoundedLog) -> tuple[int, int]:
    """Collect the log until process *pid* ends; return its wait status and peak resident size in KiB."""
    with selectors.DefaultSelector() as selector:
        selector.register(reading, selectors.EVENT_READ)
        selector.register(woken, selectors.EVENT_READ)
        selector.register(owner, selectors.EVENT_READ)
        while True:
            ended, status, usage = os.wait4(pid, os.WNOHANG)
            if ended:
                return status, usage.ru_maxrss
            while owner.has_line():
                _obey(owner, pid, log)
            for key, _ in selector.select():
                if key.fileobj is reading:
                    data = os.read(reading, _CHUNK)
                    log.add(data)
                    if not data:
                        selector.unregister(reading)
                elif key.fileobj is woken:
                    woken.recv(_CHUNK)
                else:
                    _obey(owner, pid, log)


def _obey(owner: Owner, pid: int, log: BoundedLog) -> None:
    wish = owner.receive()
    if "kill" in wish:
        os.killpg(pid, signal.SIGKILL)
    else:
        start, data = log.since(int(wish["log"]), _LOG_PART)
        owner.send({"log_from": start, "log_part": data.decode("latin-1")})


def _drain(reading: int, log: BoundedLog) -> None:
    os.set_blocking(reading, False)
    with contextlib.suppress(BlockingIOError):
        while data := os.read(reading, _CHUNK):
            log.add(data)
