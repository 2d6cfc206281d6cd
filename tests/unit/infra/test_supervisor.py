"""The supervisor restarts what ends, follows its plan, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.stack import log_files, process, supervisor
from infra.stack.layout import Layout
from infra.stack.process import ProcessRecord
from infra.stack.supervisor import Program, Supervisor

_SLEEP = (sys.executable, "-c", "import time; time.sleep(600)")


@pytest.fixture
def layout(tmp_path: Path) -> Layout:
    layout = Layout(tmp_path / "home", tmp_path / "cache")
    layout.make()
    return layout


@pytest.fixture
def running(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> Iterator[Supervisor]:
    """A supervisor whose loop runs in a thread; signal handlers stay the test's own."""
    monkeypatch.setattr(signal, "signal", lambda *_: None)
    monkeypatch.setattr(signal, "set_wakeup_fd", lambda *_, **__: None)
    monkeypatch.setattr(supervisor, "_REST_S", 0.05)
    supervisor.write_plan(layout, [Program("one", _SLEEP, {})])
    kept = Supervisor(layout)
    thread = threading.Thread(target=kept.run)
    thread.start()
    try:
        _eventually(lambda: supervisor.plan_taken_up(layout))
        yield kept
    finally:
        kept.stopping = True
        thread.join(timeout=60)
    assert not thread.is_alive()
    assert _pid(layout, "one") is None


def _eventually(condition: Callable[[], object]) -> None:
    while not condition():  # pytest's own time limit ends a hopeless wait
        time.sleep(0.02)


def _pid(layout: Layout, name: str) -> int | None:
    record = supervisor.pid_file(layout, name).read()
    return record.pid if record else None


def _started(layout: Layout, name: str) -> int:
    _eventually(lambda: _pid(layout, name))
    return _pid(layout, name) or 0


@pytest.mark.usefixtures("running")
def test_a_process_that_dies_is_started_again(layout: Layout) -> None:
    first = _started(layout, "one")
    os.kill(first, signal.SIGKILL)
    _eventually(lambda: _pid(layout, "one") not in (None, first))
    assert supervisor.restarts(layout, "one") == 1


def test_the_plan_is_followed(layout: Layout, running: Supervisor) -> None:
    kept = _started(layout, "one")
    supervisor.write_plan(layout, [Program("one", _SLEEP, {}), Program("two", _SLEEP, {})])
    assert not supervisor.plan_taken_up(layout)
    running.changed = True
    second = _started(layout, "two")
    assert _pid(layout, "one") == kept
    supervisor.write_plan(layout, [Program("one", _SLEEP, {}, source="new code")])
    running.changed = True
    _eventually(lambda: _pid(layout, "one") not in (None, kept))
    assert ProcessRecord.of(second) is None
    assert ProcessRecord.of(kept) is None


def test_processes_of_a_killed_supervisor_are_stopped_first(layout: Layout) -> None:
    lost = process.start(_SLEEP, log=layout.log / "lost.log", environment=os.environ, directory=layout.home)
    record = ProcessRecord.of(lost.pid)
    assert record is not None
    supervisor.pid_file(layout, "lost").write(record)
    supervisor.stop_left_over(layout)
    assert not record.alive()
    assert not list(layout.run.glob("mesh-*.pid"))


def test_the_plan_is_private(layout: Layout) -> None:
    supervisor.write_plan(layout, [Program("one", _SLEEP, {"ODAMESH_S3_SECRET_KEY": "secret"})])
    assert {path.stat().st_mode & 0o777 for path in layout.run.iterdir()} == {0o600}


_LISTENER = (
    sys.executable,
    "-c",
    "import http.server, sys\n"
    "class Alive(http.server.BaseHTTPRequestHandler):\n"
    "    def do_GET(self): self.send_response(200); self.end_headers()\n"
    "http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Alive).serve_forever()\n",
)


def test_a_process_that_hangs_is_started_again(
    layout: Layout, running: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, seconds in (("_LOOK_S", 0.1), ("_ANSWER_S", 0.5), ("_SILENT_S", 2.0)):
        monkeypatch.setattr(supervisor, name, seconds)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    health = f"http://127.0.0.1:{port}/livez"
    silent = Program("one", _SLEEP, {})  # nobody asks it
    supervisor.write_plan(layout, [silent, Program("web", (*_LISTENER, str(port)), {}, health=health)])
    running.changed = True
    first, other = _started(layout, "web"), _started(layout, "one")
    _eventually(lambda: running.kept["web"].answered_at > running.kept["web"].started_at)
    os.kill(first, signal.SIGSTOP)
    _eventually(lambda: _pid(layout, "web") not in (None, first))
    assert ProcessRecord.of(first) is None
    _eventually(lambda: running.kept["web"].answered_at > running.kept["web"].started_at)
    assert (supervisor.restarts(layout, "web"), supervisor.restarts(layout, "one")) == (1, 0)
    assert _pid(layout, "one") == other


def test_silence_counts_only_while_somebody_asks() -> None:
    kept = supervisor._Kept(Program("one", _SLEEP, {}), started_at=0.0, answered_at=1.0)
    assert not kept.hangs(10_000.0), "the machine or the supervisor slept"
    kept.missed = 3
    assert kept.hangs(10_000.0)
    assert not kept.hangs(30.0)
    kept.started_at = 5.0  # started again: it has not answered yet
    assert not kept.hangs(100.0)


def test_logs_that_have_grown_are_begun_anew(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(log_files, "LIMIT_BYTES", 100)
    log = layout.log / "one.log"
    writer = "import sys, time\nfor line in sys.stdin: print(line.strip() * 50, flush=True)"
    with log.open("ab") as output:
        command = [sys.executable, "-c", writer]
        process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=output, text=True)
    assert process.stdin is not None
    for number in range(6):
        size = log.stat().st_size
        process.stdin.write(f"{number},\n")
        process.stdin.flush()
        while log.stat().st_size <= size:
            time.sleep(0.01)
        log_files.rotate_all(layout.log)
    process.stdin.close()
    process.wait()
    kept = {path.name: path.read_text()[:1] for path in layout.log.iterdir()}
    assert kept == {"one.log": "", "one.log.1": "5", "one.log.2": "4", "one.log.3": "3"}


_PATIENT = """
import sys
from pathlib import Path
from infra.stack import supervisor
supervisor._REST_S = 3600.0
supervisor.Supervisor(supervisor.Layout(*map(Path, sys.argv[1:]))).run()
"""


def test_the_end_of_a_process_and_every_signal_wake_it(layout: Layout) -> None:
    supervisor.write_plan(layout, [Program("one", _SLEEP, {})])
    kept = subprocess.Popen([sys.executable, "-c", _PATIENT, str(layout.home), str(layout.cache)])
    try:
        first = _started(layout, "one")
        os.kill(first, signal.SIGKILL)
        _eventually(lambda: _pid(layout, "one") not in (None, first))
        supervisor.write_plan(layout, [])
        kept.send_signal(supervisor.RECONCILE)
        _eventually(lambda: supervisor.plan_taken_up(layout))
    finally:
        kept.terminate()
        kept.wait(timeout=60)
    assert kept.returncode == 0
    assert _pid(layout, "one") is None
