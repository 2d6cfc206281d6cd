"""Drills on two faults at once, and on one that meets the recovery from another."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from typing import cast

from infra.stack import mesh_processes, supervisor
from infra.stack.process import PidFile
from infra.stack.stack import runner_in_use
from mesh.settings import Settings
from mesh.states import JobState, job_is_final
from mesh.store import names
from mesh.store.objects import Objects
from mesh.store.products import Products
from odamesh import Job
from tests.chaos.drill import Drill, Expected, Setting, Trial
from tests.chaos.faults import BROKER_KILLED, FLUSHED, REDIS_KILLED, STORE_KILLED, Fault, fault
from tests.chaos.ground import Ground

_WINDOWS = 6
_AWAY_S = 2.0
_ENGINE_AWAY_S = 8.0
"""Longer than a service that was killed takes to be there again: it comes back to a machine without an engine."""


def _at_once(*faults: Fault) -> Callable[[Ground], Trial]:
    """Let all happen in one moment, in the middle of a job, and end together."""

    def run(ground: Ground) -> Trial:
        job = ground.submit(_WINDOWS, seconds=1)
        ground.until_running(job)
        mends = [one.strike(ground) for one in faults]
        time.sleep(_AWAY_S)
        for mend in mends:
            mend()
        return _recovered(ground, job)

    return run


def flushed_while_rebuilding(ground: Ground) -> Trial:
    """FLUSHALL, and again as soon as a job is back in the records: the rebuild that runs must not call itself done."""
    jobs = [ground.submit(_WINDOWS, seconds=1) for _ in range(3)]
    ground.until_running(jobs[0])
    records = [names.job_record(job.id) for job in jobs]
    with ground.index() as index:
        for _ in range(3):
            index.flushall()
            ground.until(lambda: bool(index.exists(*records)), "a job that is in the records again", 60, look_s=0.005)
        index.flushall()
    return _recovered(ground, *jobs)


def store_lost_at_the_end(ground: Ground) -> Trial:
    """SIGKILL the store in the moment in which a run has ended: the end of its job is written when it is back."""
    job = ground.submit(2)
    with ground.index() as index:

        def ended() -> bool:
            state = cast("str | None", index.hget(names.run_record(job.id), "state"))
            return state is not None and job_is_final(JobState(state))

        ground.until(ended, "the end of the run", 60, look_s=0.0)
    mend = STORE_KILLED.strike(ground)
    time.sleep(_AWAY_S)
    mend()
    return _recovered(ground, job, windows=2)


def power_lost(ground: Ground) -> Trial:
    """SIGKILL every server, every process of the mesh and its supervisor; `stack up` and `mesh up` bring all back."""
    jobs = [ground.submit(_WINDOWS, seconds=1) for _ in range(3)]
    ground.until_running(jobs[0])
    _kill_all(ground)
    subprocess.run([sys.executable, "-m", "odamesh", "stack", "up"], check=True, stdout=subprocess.DEVNULL)
    mesh_processes.up(runner_in_use())
    return _recovered(ground, *jobs)


def engine_and_service_killed(ground: Ground) -> Trial:
    """SIGKILL the engine and the service; the service is back first: it waits, and never runs a unit unconfined."""
    assert os.environ.get("ODAMESH_ENGINE_HOME"), "only an engine that no other stack uses may be killed"
    job = ground.submit(_WINDOWS, seconds=2)
    ground.until_running(job)
    engine = ground.stack.engine
    ground.kill_server(engine.pid_file)
    ground.signal("noop", signal.SIGKILL)
    time.sleep(_ENGINE_AWAY_S)
    engine.ensure()
    trial = _recovered(ground, job)
    with ground.index() as index:
        products = Products(Objects(ground.connections.store), index)
        made_with = {manifest.image for row in job.table() if (manifest := products.read(row.key)) is not None}
    assert made_with == {Settings().image_of("noop")}, f"units ran with {made_with}"
    return trial


def _kill_all(ground: Ground) -> None:
    # The supervisor first: it would start the others again.
    ground.kill_server(PidFile(ground.layout.run / "supervisor.pid"))
    for program in supervisor.read_plan(ground.layout):
        pid_file = supervisor.pid_file(ground.layout, program.name)
        if pid_file.read() is not None:
            ground.kill_server(pid_file)
    for server in (ground.stack.redis, ground.stack.store):
        ground.kill_server(server.pid_file)
    BROKER_KILLED.strike(ground)


def _recovered(ground: Ground, *jobs: Job, windows: int = _WINDOWS) -> Trial:
    begin = time.monotonic()
    ground.until_ended(*jobs)
    ground.until_told(*jobs)
    return Trial(tuple(Expected(job, windows + 1) for job in jobs), time.monotonic() - begin)


DRILLS = (
    Drill("Redis and RabbitMQ killed", _at_once(REDIS_KILLED, BROKER_KILLED)),
    Drill("MinIO and dispatcher killed", _at_once(STORE_KILLED, fault("dispatcher killed"))),
    Drill("Redis flushed, noop killed", _at_once(FLUSHED, fault("noop killed"))),
    Drill("Redis flushed, dispatcher killed", _at_once(FLUSHED, fault("dispatcher killed"))),
    Drill(
        "RabbitMQ, dispatcher and cache killed",
        _at_once(BROKER_KILLED, fault("dispatcher killed"), fault("cache killed")),
    ),
    Drill("Redis flushed again while rebuilding", flushed_while_rebuilding, quick=True),
    Drill("MinIO killed as a run ends", store_lost_at_the_end, quick=True),
    Drill("everything loses power", power_lost),
    Drill("engine and noop killed, noop first back", engine_and_service_killed, Setting.OWN_ENGINE),
)
