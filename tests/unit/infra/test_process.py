"""Processes are known by pid and start time, and only those are stopped."""

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

from infra.stack import process
from infra.stack.process import PidFile, ProcessRecord

_SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")
_STUBBORN = (
    sys.executable,
    "-c",
    "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)",
)


def _start(command: tuple[str, ...], directory: Path) -> ProcessRecord:
    started = process.start(command, log=directory / "log", environment=os.environ, directory=directory)
    record = ProcessRecord.of(started.pid)
    assert record is not None
    return record


def test_start_runs_detached_and_stop_ends_it(tmp_path: Path) -> None:
    record = _start(_SLEEP, tmp_path)
    assert os.getsid(record.pid) == record.pid != os.getsid(0)
    process.stop(record, grace_s=10)
    assert not record.alive()


def test_a_process_that_does_not_listen_is_ended(tmp_path: Path) -> None:
    record = _start(_STUBBORN, tmp_path)
    while "deaf" not in (tmp_path / "log").read_text():
        time.sleep(0.01)
    process.stop(record, grace_s=0.1)
    assert not record.alive()


def test_a_recycled_pid_is_never_signalled(tmp_path: Path) -> None:
    record = _start(_SLEEP, tmp_path)
    earlier = replace(record, start_ticks=record.start_ticks - 1)
    of_last_boot = replace(record, boot_id="another")
    for stale in (earlier, of_last_boot):
        assert not stale.alive()
        process.stop(stale, grace_s=0.1)
    assert record.alive()
    process.stop(record)


def test_pid_files(tmp_path: Path) -> None:
    pid_file = PidFile(tmp_path / "one.pid")
    assert pid_file.read() is None
    own = ProcessRecord.of(os.getpid())
    assert own is not None
    pid_file.write(own)
    assert pid_file.read() == own
    pid_file.write(replace(own, start_ticks=1))
    assert pid_file.read() is None
    pid_file.path.write_text('{"pid": ')  # cut off by a crash
    assert pid_file.read() is None
