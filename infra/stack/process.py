"""Detached processes: started in their own session, found again by pid and start time, stopped by pid."""

import atexit
import contextlib
import json
import os
import signal
import subprocess
import time
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from infra.stack.problem import SetupProblem

_BOOT_ID = Path("/proc/sys/kernel/random/boot_id")
_children: dict[int, subprocess.Popen[bytes]] = {}


@dataclass(frozen=True)
class ProcessRecord:
    """What identifies a process for good: a pid alone is given to another process sooner or later."""

    pid: int
    start_ticks: int
    boot_id: str

    @classmethod
    def of(cls, pid: int) -> "ProcessRecord | None":
        """Record of a running process; None if there is none.

        A zombie does not run, unless it is the first thread of a process whose other threads still end: those
        hold its ports.
        """
        try:
            # The command name may hold spaces and brackets: fields are counted after the last one.
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
        except OSError:
            return None
        state, threads, start_ticks = fields[0], int(fields[17]), int(fields[19])
        if state in "ZX" and threads <= 1:
            return None
        return cls(pid, start_ticks, _BOOT_ID.read_text().strip())

    def alive(self) -> bool:
        """Whether this very process still runs."""
        return ProcessRecord.of(self.pid) == self


@dataclass(frozen=True)
class PidFile:
    """A process record on disk."""

    path: Path

    def read(self) -> ProcessRecord | None:
        """Return the recorded process if it still runs, else None; an unreadable file counts as none."""
        try:
            record = ProcessRecord(**json.loads(self.path.read_text()))
        except (OSError, ValueError, TypeError):
            return None
        return record if record.alive() else None

    def write(self, record: ProcessRecord) -> None:
        """Replace the file in one step."""
        partial = self.path.with_suffix(".new")
        partial.write_text(json.dumps(asdict(record)))
        partial.replace(self.path)

    def remove(self) -> None:
        """Forget the process."""
        self.path.unlink(missing_ok=True)


def start(
    command: Sequence[str | Path],
    *,
    log: Path,
    environment: Mapping[str, str],
    directory: Path,
    account: str | None = None,
) -> subprocess.Popen[bytes]:
    """Start a process in its own session, its output appended to `log`.

    Args:
        command: Program and arguments.
        log: File that receives standard output and error.
        environment: The whole environment of the process.
        directory: Its working directory.
        account: System account to run as; None = the caller's.
    """
    for pid in list(_children):
        _reap(pid)
    with log.open("ab") as output:
        child = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            env=dict(environment),
            cwd=directory,
            start_new_session=True,
            user=account,
            group=account,
            extra_groups=[] if account else None,
        )
    _children[child.pid] = child
    return child


def stop(record: ProcessRecord, grace_s: float = 30.0) -> None:
    """Ask a process to end; after `grace_s` end it and what remains of its group."""
    _signal(record, signal.SIGTERM)
    deadline = time.monotonic() + grace_s
    while record.alive() and time.monotonic() < deadline:
        _reap(record.pid)
        time.sleep(0.05)
    _reap(record.pid)
    if record.alive():
        # It leads its own group (own session), so the group is ours too.
        with contextlib.suppress(ProcessLookupError):
            os.killpg(record.pid, signal.SIGKILL)
        while record.alive():
            time.sleep(0.05)
        _reap(record.pid)


@atexit.register
def _let_go() -> None:
    """Forget the processes that are meant to outlive this one, so that nobody warns of them."""
    for child in _children.values():
        child.returncode = 0
    _children.clear()


def _signal(record: ProcessRecord, number: signal.Signals) -> None:
    if record.alive():
        with contextlib.suppress(ProcessLookupError):
            os.kill(record.pid, number)


def _reap(pid: int) -> None:
    """Collect the exit status where the process is our child and has ended, so that no zombie lingers."""
    if pid in _children and _children[pid].poll() is not None:
        del _children[pid]


def run(command: Sequence[str | Path], **options: Any) -> str:
    """Run a command to its end and return what it printed; SetupProblem with its last line if it fails."""
    arguments = [str(part) for part in command]
    done = subprocess.run(arguments, capture_output=True, text=True, check=False, **options)
    if done.returncode:
        lines = (done.stderr.strip() or done.stdout.strip() or "it said nothing").splitlines()
        message = f"`{' '.join(arguments[:4])}` failed: {lines[-1]}"
        raise SetupProblem(message)
    return str(done.stdout)
