"""Drills on the mesh's own processes: each is asked to end, or killed, in the middle of a unit."""

import signal
import subprocess
import sys
import threading
import time
import uuid
from collections.abc import Callable

from infra.stack import mesh_processes
from infra.stack.stack import runner_in_use
from mesh.broker.dead_letters import DeadLetter, DeadLetters
from mesh.states import JobState, UnitState
from mesh.store.leases import Leases
from odamesh import Job
from tests.chaos.drill import Drill, Expected, Setting, Trial
from tests.chaos.ground import Ground
from tests.integration.mesh.windows import drill_windows

_WINDOWS = 6
_CALLERS = 3
_LONG_S = 28.0
"""A unit that outlasts the restarts of its service, within its limit of 30 s."""
_PROVEN_DEATHS = 4
"""So many workers must die with a unit before it is given up."""


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
    _fresh_supervisor("local")
    begin = time.monotonic()
    job = ground.submit(_WINDOWS, behaviour="kill", fails=[bad], seconds=1.0)
    ground.until_ended(job)
    seconds = time.monotonic() - begin
    [failed] = job.table([UnitState.FAILED])
    assert failed.label[:12] == bad
    assert failed.failure is not None
    assert failed.failure.reason == "KilledItsWorker", failed.failure
    with DeadLetters(ground.connections.broker) as dead:
        dead.drop(_only_letter(dead, failed.key))
    return Trial((Expected(job, _WINDOWS, failed=1),), seconds)


def given_up_and_retried(ground: Ground) -> Trial:
    """Kill the service again and again in the middle of one unit until it is given up; its dead letter makes it good.

    The job that asked for it has ended and stays as it is; whoever asks again finds the product.
    """
    _fresh_supervisor(runner_in_use())
    salt = uuid.uuid4().hex
    job = ground.submit(1, seconds=_LONG_S, salt=salt)
    ground.until_running(job)
    [key] = [row.key for row in job.table() if row.stage == "window"]
    leases, owners = Leases(ground.index()), set[str | None]()

    def held_by_another() -> bool:
        owner = leases.holder(key)
        return owner is not None and owner not in owners and leases.owner_alive(owner)

    for _ in range(_PROVEN_DEATHS):
        ground.until(held_by_another, "the next worker with the unit")
        owners.add(leases.holder(key))
        ground.signal("noop", signal.SIGKILL)
    ground.until_ended(job)
    [failed] = [row for row in job.table([UnitState.FAILED]) if row.stage == "window"]
    assert failed.failure is not None
    assert failed.failure.reason == "KilledItsWorker", failed.failure

    begin = time.monotonic()
    with DeadLetters(ground.connections.broker) as dead:
        letter = _only_letter(dead, key)
    subprocess.run([sys.executable, "-m", "odamesh", "dead", "retry", letter.id], check=True, stdout=subprocess.DEVNULL)
    again = ground.submit(1, seconds=_LONG_S, salt=salt)
    ground.until_ended(again)
    with DeadLetters(ground.connections.broker) as dead:
        left = [one for one in dead.letters("dead.noop") if one.delivery.message_id == key]
    return Trial(
        (Expected(job, 0, failed=2, state=JobState.ERROR), Expected(again, 2)),
        time.monotonic() - begin,
        doubled=len(left),
    )


def _fresh_supervisor(runner: str) -> None:
    """Begin with a supervisor that does not wait longer and longer because of the victims of the run before."""
    mesh_processes.down()
    mesh_processes.up(runner)


def _only_letter(dead: DeadLetters, key: str) -> DeadLetter:
    letters = [letter for letter in dead.letters("dead.noop") if letter.delivery.message_id == key]
    assert [letter.reason for letter in letters] == ["rejected"], "it is not among the dead letters, once"
    return letters[0]


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
    Drill("unit given up, then retried", given_up_and_retried),
    Drill("unit that kills its worker", kills_its_worker, Setting.LOCAL),
)
