"""Drills on two processes of one service on one machine: they share the work, and neither undoes that of the other."""

import signal
import time
import uuid
from collections.abc import Callable

from odamesh import Job
from tests.chaos.drill import Drill, Expected, Trial
from tests.chaos.executions import executed, workers
from tests.chaos.ground import Ground
from tests.chaos.second_process import second

_WINDOWS = 8
_UNIT_S = 3.0
_FEW, _LONG_S = 3, 16.0
"""Fewer units than places, and an odd number: their copies, handed out in turn, come to the other worker. A unit takes
longer than it takes to find and release it again."""


def share_the_work(ground: Ground) -> Trial:
    """Run a job on two workers: both work, and each unit is executed once."""
    with second(ground, "noop"):
        begin = time.monotonic()
        job = ground.submit(_WINDOWS, seconds=_UNIT_S)
        ground.until_ended(job)
        seconds = time.monotonic() - begin
    keys = _windows_of(job)
    assert len(workers(ground, keys)) == 2, "only one of the two workers had work: the drill tested nothing"
    return Trial((Expected(job, _WINDOWS + 1),), seconds, doubled=_more_than_once(ground, job))


def _one_of_two(number: signal.Signals) -> Callable[[Ground], Trial]:
    """One of two workers ends, at once or as it is asked to, in the middle of its units: all are made, none twice."""

    def run(ground: Ground) -> Trial:
        with second(ground, "noop") as other:
            job = ground.submit(_WINDOWS, seconds=_UNIT_S)
            ground.until_running(job, 4)
            begin = time.monotonic()
            ground.signal(other, number)
            ground.until_ended(job)
            seconds = time.monotonic() - begin
        return Trial((Expected(job, _WINDOWS + 1),), seconds, doubled=_more_than_once(ground, job))

    return run


def flushed_under_two(ground: Ground) -> Trial:
    """FLUSHALL while two workers run units and have places free: what is released anew is not started anew."""
    with second(ground, "noop"):
        job = ground.submit(_FEW, seconds=_LONG_S)
        ground.until_running(job, _FEW)
        begin = time.monotonic()
        index = ground.index()
        index.flushall()
        index.close()
        ground.until_ended(job)
        seconds = time.monotonic() - begin
    return Trial((Expected(job, _FEW + 1),), seconds, doubled=_more_than_once(ground, job, _LONG_S))


def two_dispatchers(ground: Ground) -> Trial:
    """Plan equal and different jobs with two dispatchers: each run is planned, and ends, once."""
    with second(ground, "dispatcher"):
        begin = time.monotonic()
        salts = [uuid.uuid4().hex for _ in range(4)]
        jobs = [ground.submit(_WINDOWS, seconds=1, salt=salt) for salt in salts for _ in range(3)]
        ground.until_ended(*jobs)
        seconds = time.monotonic() - begin
    runs = {job.refresh().view.run_id for job in jobs}
    return Trial(tuple(Expected(job, _WINDOWS + 1) for job in jobs), seconds, doubled=max(0, len(runs) - len(salts)))


def one_dispatcher_of_two_killed(ground: Ground) -> Trial:
    """SIGKILL one of two dispatchers again and again while jobs come in: the other goes on with what it had."""
    with second(ground, "dispatcher") as other:
        jobs = []
        begin = time.monotonic()
        for name in (other, "dispatcher", other):
            jobs += [ground.submit(_WINDOWS, seconds=0.3) for _ in range(3)]
            ground.signal(name, signal.SIGKILL)
            time.sleep(1.0)
        ground.until_ended(*jobs)
        seconds = time.monotonic() - begin
    return Trial(tuple(Expected(job, _WINDOWS + 1) for job in jobs), seconds)


def flushed_under_two_dispatchers(ground: Ground) -> Trial:
    """FLUSHALL under two dispatchers: one of them rebuilds, and each job is taken up once."""
    with second(ground, "dispatcher"):
        jobs = [ground.submit(_WINDOWS, seconds=1) for _ in range(3)]
        ground.until_running(jobs[0])
        begin = time.monotonic()
        index = ground.index()
        index.flushall()
        index.close()
        ground.until_ended(*jobs)
        seconds = time.monotonic() - begin
    return Trial(tuple(Expected(job, _WINDOWS + 1) for job in jobs), seconds)


def _windows_of(job: Job) -> set[str]:
    return {row.key for row in job.table() if row.stage == "window"}


def _more_than_once(ground: Ground, job: Job, seconds: float = _UNIT_S) -> int:
    """Return how many executions of the job's units there were beside the first of each."""
    return sum(number - 1 for number in executed(ground, _windows_of(job), seconds).values())


DRILLS = (
    Drill("two workers share a job", share_the_work),
    Drill("one of two workers killed", _one_of_two(signal.SIGKILL)),
    Drill("one of two workers asked to end", _one_of_two(signal.SIGTERM)),
    Drill("Redis flushed under two workers", flushed_under_two, quick=True),
    Drill("two dispatchers", two_dispatchers, quick=True),
    Drill("one of two dispatchers killed", one_dispatcher_of_two_killed),
    Drill("Redis flushed under two dispatchers", flushed_under_two_dispatchers),
)
