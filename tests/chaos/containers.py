"""Drills on containers: each misbehaves in its own way, or loses the engine that runs it."""

import os
import signal
import time
from collections.abc import Callable

from infra.stack import shims
from infra.stack.engine import Engine
from infra.stack.process import PidFile
from mesh.states import FailureKind, JobState, UnitState
from tests.chaos.drill import Drill, Expected, Setting, Trial
from tests.chaos.ground import Ground
from tests.integration.mesh.windows import drill_windows

_WINDOWS = 4
_OUTLASTS_GRACE_S = 12.0
"""An engine that ends lets its containers run on for 10 s; the limit of 30 s must leave room on a busy machine."""


def _misbehaves(behaviour: str, kind: FailureKind) -> Callable[[Ground], Trial]:
    """One window of four misbehaves: it fails with its own reason, and the others do not notice."""

    def run(ground: Ground) -> Trial:
        bad = drill_windows(_WINDOWS)[1]
        begin = time.monotonic()
        job = ground.submit(_WINDOWS, behaviour=behaviour, fails=[bad])
        ground.until_ended(job)
        seconds = time.monotonic() - begin
        failed = job.table([UnitState.FAILED])
        kinds = [row.failure.kind for row in failed if row.failure is not None]
        assert [row.label[:12] for row in failed] == [bad]
        assert kinds == [kind], f"{behaviour}: {failed[0].failure}"
        ground.until(lambda: not ground.containers_at_work(), "idle containers", 20)
        return Trial((Expected(job, _WINDOWS, failed=1),), seconds)

    return run


def noisy(ground: Ground) -> Trial:
    """Every window writes garbage to its standard output, and much of it; products and log are as they must be."""
    begin = time.monotonic()
    job = ground.submit(2, behaviour="noise")
    ground.until_ended(job)
    seconds = time.monotonic() - begin
    for row in job.table([UnitState.DONE]):
        if row.stage == "window":
            assert len(job.log(row.label, "window").encode()) <= 2 << 20
    return Trial((Expected(job, 3),), seconds)


def killed_from_outside(ground: Ground) -> Trial:
    """An operator kills the container of a unit: the unit is tried again."""
    job = ground.submit(2, seconds=4)
    ground.until_running(job)
    ground.until(lambda: bool(ground.containers_at_work()), "a container at work", 20)
    begin = time.monotonic()
    with ground.engine() as engine:
        for name in ground.containers_at_work():
            engine.containers.get(name).kill()
    ground.until_ended(job)
    return Trial((Expected(job, 3),), time.monotonic() - begin)


def engine_restarts(ground: Ground) -> Trial:
    """Stop the container engine and its containers in the middle of units, and start it again."""
    return _engine_away(ground, _end)


def engine_killed(ground: Ground) -> Trial:
    """SIGKILL the container engine in the middle of units, and start it again."""
    return _engine_away(ground, lambda engine: _kill(ground, engine))


def _engine_away(ground: Ground, take_away: Callable[[Engine], None]) -> Trial:
    job = ground.submit(2, seconds=_OUTLASTS_GRACE_S)
    ground.until_running(job, 2)
    engine = ground.stack.engine
    before = shims.of(engine.containerd_socket)
    take_away(engine)
    engine.ensure()
    begin = time.monotonic()
    ground.until_ended(job)
    ground.until(lambda: not shims.childless(before), "an engine without shims of lost containers", 20)
    return Trial((Expected(job, 3),), time.monotonic() - begin)


def _end(engine: Engine) -> None:
    assert os.environ.get("ODAMESH_ENGINE_HOME"), "only an engine that no other stack uses may be stopped"
    for pid_file in (engine.pid_file, PidFile(engine.layout.run / "containerd.pid")):
        record = pid_file.read()
        assert record is not None, f"{pid_file.path} names no running process"
        os.kill(record.pid, signal.SIGTERM)
        while record.alive():
            time.sleep(0.05)


def _kill(ground: Ground, engine: Engine) -> None:
    assert os.environ.get("ODAMESH_ENGINE_HOME"), "only an engine that no other stack uses may be killed"
    ground.kill_server(engine.pid_file)


def nothing_usable(ground: Ground) -> Trial:
    """Every window misbehaves: the job is in ERROR and says why; nothing hangs."""
    begin = time.monotonic()
    job = ground.submit(2, behaviour="crash")
    ground.until_ended(job)
    assert job.view.failure is not None
    assert "SIGSEGV" in job.view.failure.text
    return Trial((Expected(job, 0, failed=3, state=JobState.ERROR),), time.monotonic() - begin)


DRILLS = (
    Drill("container out of memory", _misbehaves("memory", FailureKind.OUT_OF_MEMORY), quick=True),
    Drill("container hangs", _misbehaves("hang", FailureKind.TIMEOUT)),
    Drill("container forks without end", _misbehaves("forks", FailureKind.SCIENCE), quick=True),
    Drill("container fills its disk", _misbehaves("disk", FailureKind.SCIENCE), quick=True),
    Drill("container writes a false manifest", _misbehaves("garbage", FailureKind.SCIENCE), quick=True),
    Drill("container crashes", nothing_usable, quick=True),
    Drill("garbage on stdout", noisy, quick=True),
    Drill("container killed from outside", killed_from_outside),
    Drill("container out of memory (cold)", _misbehaves("memory", FailureKind.OUT_OF_MEMORY), Setting.COLD),
    Drill("container forks without end (cold)", _misbehaves("forks", FailureKind.SCIENCE), Setting.COLD),
    Drill("container killed from outside (cold)", killed_from_outside, Setting.COLD),
    Drill("engine restarted mid-unit", engine_restarts, Setting.OWN_ENGINE),
    Drill("engine killed mid-unit", engine_killed, Setting.OWN_ENGINE),
)
