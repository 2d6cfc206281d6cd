"""The supervisor restarts what ends, follows its plan, and leaves nothing behind."""

import os
import signal
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from infra.stack import process, supervisor
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
