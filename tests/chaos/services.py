"""Drills on the mesh's own processes: each is asked to end, or killed, in the middle of a unit."""

import signal
import threading
import time
from collections.abc import Callable

from infra.stack import mesh_processes
from mesh.broker.dead_letters import DeadLetters
from mesh.states import UnitState
from odamesh import Job
from tests.chaos.drill import Drill, Expected, Setting, Trial
from tests.chaos.ground import Ground
from tests.integration.mesh.windows import drill_windows

_WINDOWS = 6
_CALLERS = 3


def _ends(name: str, number: signal.Signals, seconds: float = 1.0) -> Callable[[Ground], Trial]:
    def run(ground: Ground) -> Trial:
        job = ground.submit(_WINDOWS, seconds=seconds)
        ground.until_running(job)
        begin = time.monotonic()
        ground.signal(name, number)
        ground.until_ended(job)
        return Trial((Expected(job, _WINDOWS + 1),), time.monotonic() - begin)

    return run


def everything_killed(ground: Ground) -> Trial:
    """Kill all processes of the mesh at once."""
    job = ground.submit(_WINDOWS, seconds=1)
    ground.until_running(job)
    begin = time.monotonic()
    for name in ("noop", "dispatcher", "cache", "gateway"):
        ground.signal(name, signal.SIGKILL)
    ground.until_ended(job)
    return Trial((Expected(job, _WINDOWS + 1),), time.monotonic() - begin)


def kills_its_worker(ground: Ground) -> Trial:
    """Run a unit that kills its service each time: it is given up with a reason, and the others go on."""
    bad = drill_windows(_WINDOWS)[1]
    # The supervisor begins anew: it does not wait longer and longer because of the victims of the run before.
    mesh_processes.down()
    mesh_processes.up("local")
    begin = time.monotonic()
    job = ground.submit(_WINDOWS, behaviour="kill", fails=[bad], seconds=1.0)
    ground.until_ended(job)
    seconds = time.monotonic() - begin
    [failed] = job.table([UnitState.FAILED])
    assert failed.label[:12] == bad
    assert failed.failure is not None
    assert failed.failure.reason == "KilledItsWorker", failed.failure
    with DeadLetters(ground.connections.broker) as dead:
        letters = [letter for letter in dead.letters("dead.noop") if letter.delivery.message_id == failed.key]
        assert [letter.reason for letter in letters] == ["rejected"], "it is not among the dead letters, once"
        dead.drop(letters[0])
    return Trial((Expected(job, _WINDOWS, failed=1),), seconds)


def gateway_restarts(ground: Ground) -> Trial:
    """Kill the gateway while callers stream; their clients come back and miss nothing."""
    job = ground.submit(_WINDOWS, seconds=1)
    seen: list[set[tuple[str, str]]] = [set() for _ in range(_CALLERS)]
    callers = [threading.Thread(target=_watch, args=(ground, job, rows), daemon=True) for rows in seen]
    for caller in callers:
        caller.start()
    ground.until_running(job)
    begin = time.monotonic()
    ground.signal("gateway", signal.SIGKILL)
    ground.until_ended(job)
    seconds = time.monotonic() - begin
    for caller in callers:
        caller.join(60)
        assert not caller.is_alive(), "a caller's stream never came to its end"
    assert [len(rows) for rows in seen] == [_WINDOWS + 1] * _CALLERS, f"callers saw the end of {seen}"
    return Trial((Expected(job, _WINDOWS + 1),), seconds)


def _watch(ground: Ground, job: Job, ended: set[tuple[str, str]]) -> None:
    """Follow a job to its end as a caller does, and note the units whose end was told."""
    for progress in ground.mesh.job(job.id).watch():
        ended.update(name for name, row in progress.rows.items() if row.state.value in {"done", "cached"})


DRILLS = (
    Drill("noop asked to end", _ends("noop", signal.SIGTERM)),
    Drill("noop killed", _ends("noop", signal.SIGKILL), quick=True),
    Drill("noop asked to end (cold)", _ends("noop", signal.SIGTERM), Setting.COLD),
    Drill("noop killed (cold)", _ends("noop", signal.SIGKILL, 5.0), Setting.COLD),
    Drill("dispatcher asked to end", _ends("dispatcher", signal.SIGTERM)),
    Drill("dispatcher killed", _ends("dispatcher", signal.SIGKILL), quick=True),
    Drill("cache asked to end", _ends("cache", signal.SIGTERM)),
    Drill("cache killed", _ends("cache", signal.SIGKILL)),
    Drill("gateway asked to end", _ends("gateway", signal.SIGTERM)),
    Drill("gateway killed, callers stream", gateway_restarts, quick=True),
    Drill("everything killed", everything_killed),
    Drill("unit that kills its worker", kills_its_worker, Setting.LOCAL),
)
