"""Keeps the mesh's processes running: starts those of the plan, restarts those that end or hang, with growing pauses.

A process hangs when it has not answered its /livez for a minute. Logs that have grown are begun anew. SIGHUP reads the
plan again, SIGTERM stops everything. Processes left over from a supervisor that was killed are stopped before new ones
start, so that no service runs twice unseen.
"""

import contextlib
import http.client
import json
import os
import select
import signal
import subprocess
import threading
import time
import urllib.request
from dataclasses import asdict, dataclass, field
from pathlib import Path
from types import FrameType

from infra.stack import log_files, process
from infra.stack.credentials import write_private
from infra.stack.layout import CHECKOUT, Layout
from infra.stack.process import PidFile, ProcessRecord

RECONCILE = signal.SIGHUP
GRACE_S = 40.0  # services drain: they finish or hand back what they hold
_FIRST_PAUSE_S = 0.5
_LONGEST_PAUSE_S = 30.0
_STEADY_S = 60.0  # a process that ran this long starts again with the first pause
_PREFIX = "mesh-"
_LOOK_S, _ANSWER_S = 10.0, 5.0  # how often each process is asked whether it lives, and how long it may take to answer
_SILENT_S = 60.0  # a store that is away may hold up an answer for half of this
_FIRST_ANSWER_S = 180.0  # on a busy machine, loading the code takes its time
_MISSED = 3  # questions in a row: silence counts only if somebody asked meanwhile
_LOGS_S = 10.0
_REST_S = 1.0  # without a word: a process that ends, and every signal, wakes the supervisor at once


@dataclass(frozen=True)
class Program:
    """One process to keep running."""

    name: str
    command: tuple[str, ...]
    environment: dict[str, str]
    source: str = ""
    """What it is made of; where that changes, it is started again."""
    health: str = ""
    """Address at which it says that it lives; empty for a process that nobody asks."""


@dataclass
class _Kept:
    program: Program
    child: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    next_start: float = 0.0
    pause_s: float = _FIRST_PAUSE_S
    restarts: int = 0
    answered_at: float = 0.0
    missed: int = 0

    def hangs(self, now: float) -> bool:
        """Whether the process runs and has not answered for so long that it never will."""
        answered = self.answered_at > self.started_at
        silent = now - (self.answered_at if answered else self.started_at)
        return self.missed >= _MISSED and silent > (_SILENT_S if answered else _FIRST_ANSWER_S)


def write_plan(layout: Layout, programs: list[Program]) -> None:
    """Say which programs should run; the supervisor looks at its start and at RECONCILE."""
    # Private: the environment of the processes may hold keys of a store that it names.
    write_private(_plan(layout), json.dumps([asdict(program) for program in programs]))


def read_plan(layout: Layout) -> list[Program]:
    """Return the programs that should run."""
    entries = json.loads(_plan(layout).read_text())
    return [Program(**{**entry, "command": tuple(entry["command"])}) for entry in entries]


def plan_taken_up(layout: Layout) -> bool:
    """Whether the supervisor has stopped what is not in the plan, or not any more."""
    try:
        return _taken_up(layout).read_text() == _plan(layout).read_text()
    except OSError:
        return False


def _plan(layout: Layout) -> Path:
    return layout.run / "mesh-plan.json"


def _taken_up(layout: Layout) -> Path:
    return layout.run / "mesh-plan.taken"


def pid_file(layout: Layout, name: str) -> PidFile:
    """Of one process of the mesh."""
    return PidFile(layout.run / f"{_PREFIX}{name}.pid")


def restarts(layout: Layout, name: str) -> int:
    """How often a process was started again since `mesh up`."""
    try:
        return int((layout.run / f"{_PREFIX}{name}.restarts").read_text())
    except (OSError, ValueError):
        return 0


def stop_left_over(layout: Layout) -> None:
    """Stop processes of the mesh that run although their supervisor is gone."""
    files = [PidFile(path) for path in layout.run.glob(f"{_PREFIX}*.pid")]
    records = [record for one in files if (record := one.read())]
    _stop_all(records)
    for one in files:
        one.remove()


@dataclass
class Supervisor:
    """The loop; `run` returns after SIGTERM or SIGINT."""

    layout: Layout
    kept: dict[str, _Kept] = field(default_factory=dict)
    stopping: bool = False
    changed: bool = True
    ended: threading.Event = field(default_factory=threading.Event)

    def run(self) -> None:
        """Keep the plan's programs running until told to stop."""
        woken = _wake_on_signals()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_stop)
        signal.signal(RECONCILE, self._on_change)
        signal.signal(signal.SIGCHLD, lambda _number, _frame: None)
        _taken_up(self.layout).unlink(missing_ok=True)
        stop_left_over(self.layout)
        asking = threading.Thread(target=self._ask_all, name="livez", daemon=True)
        asking.start()
        logs_at = 0.0
        while not self.stopping:
            if self.changed:
                self.changed = False
                self._reconcile()
            for kept in self.kept.values():
                self._keep(kept)
            if time.monotonic() > logs_at:
                log_files.rotate_all(self.layout.log)
                logs_at = time.monotonic() + _LOGS_S
            if select.select([woken], [], [], self._rest_s())[0]:
                os.read(woken, 4096)
        self.ended.set()
        self._stop(list(self.kept))
        asking.join(timeout=_ANSWER_S)

    def _rest_s(self) -> float:
        """Return until when nothing is to be done that no signal tells of."""
        starts = [kept.next_start - time.monotonic() for kept in self.kept.values() if kept.child is None]
        return max(0.0, min([_REST_S, *starts]))

    def _reconcile(self) -> None:
        text = _plan(self.layout).read_text()
        plan = {program.name: program for program in read_plan(self.layout)}
        self._stop([name for name, kept in self.kept.items() if plan.get(name) != kept.program])
        for name, program in plan.items():
            self.kept.setdefault(name, _Kept(program))
        write_private(_taken_up(self.layout), text)

    def _keep(self, kept: _Kept) -> None:
        now = time.monotonic()
        if kept.child is None:
            if now >= kept.next_start:
                self._start(kept)
            return
        name = kept.program.name
        if kept.hangs(now):
            print(f"{name} has not answered {kept.program.health} for long; ending it", flush=True)
            kept.missed = 0
            # It hears nothing, so it is not asked to end; it leads its own group.
            with contextlib.suppress(ProcessLookupError):
                os.killpg(kept.child.pid, signal.SIGKILL)
        if (status := kept.child.poll()) is None:
            return
        if now - kept.started_at > _STEADY_S:
            kept.pause_s = _FIRST_PAUSE_S
        print(f"{name} ended with status {status}; starting it again in {kept.pause_s:g} s", flush=True)
        kept.child, kept.next_start = None, now + kept.pause_s
        kept.pause_s = min(2 * kept.pause_s, _LONGEST_PAUSE_S)
        kept.restarts += 1
        self._write_restarts(kept)

    def _start(self, kept: _Kept) -> None:
        program = kept.program
        kept.child = process.start(
            program.command,
            log=self.layout.log / f"{program.name}.log",
            environment=os.environ | program.environment,
            directory=CHECKOUT,
        )
        kept.started_at, kept.missed = time.monotonic(), 0
        self._write_restarts(kept)
        if record := ProcessRecord.of(kept.child.pid):
            pid_file(self.layout, program.name).write(record)

    def _ask_all(self) -> None:
        """Ask every process again and again whether it lives."""
        while not self.stopping:
            for kept in list(self.kept.values()):
                if kept.child is not None and kept.program.health:
                    _ask(kept)
            self.ended.wait(_LOOK_S)

    def _stop(self, names: list[str]) -> None:
        stopped = [self.kept.pop(name) for name in names]
        records = [ProcessRecord.of(kept.child.pid) for kept in stopped if kept.child]
        _stop_all([record for record in records if record])
        for kept in stopped:
            if kept.child:
                kept.child.wait()
            pid_file(self.layout, kept.program.name).remove()

    def _write_restarts(self, kept: _Kept) -> None:
        (self.layout.run / f"{_PREFIX}{kept.program.name}.restarts").write_text(str(kept.restarts))

    def _on_stop(self, _number: int, _frame: FrameType | None) -> None:
        self.stopping = True

    def _on_change(self, _number: int, _frame: FrameType | None) -> None:
        self.changed = True


def _wake_on_signals() -> int:
    """Return a file descriptor that becomes readable at every signal that has a handler."""
    readable, writable = os.pipe()
    os.set_blocking(readable, False)
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable, warn_on_full_buffer=False)
    return readable


def _ask(kept: _Kept) -> None:
    # A proxy has no business between us and a process on loopback.
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(kept.program.health, timeout=_ANSWER_S):
            kept.answered_at, kept.missed = time.monotonic(), 0
    except (OSError, http.client.HTTPException):
        kept.missed += 1


def _stop_all(records: list[ProcessRecord]) -> None:
    """Ask all at once, then wait for each: their grace periods run side by side."""
    deadline = time.monotonic() + GRACE_S
    for record in records:
        if record.alive():
            with contextlib.suppress(ProcessLookupError):
                os.kill(record.pid, signal.SIGTERM)
    for record in records:
        process.stop(record, grace_s=max(0.0, deadline - time.monotonic()))


if __name__ == "__main__":
    Supervisor(Layout.from_environment()).run()
