"""Cancel in every phase of a job: nothing runs on, nobody else is touched, nothing late revives it."""

import time
import uuid
from collections.abc import Callable

import amqp

from mesh.broker.topology import EVENTS
from mesh.clock import utc_now
from mesh.contracts import UnitEvent
from mesh.states import JobState, UnitState, unit_is_final
from odamesh import Job
from tests.chaos.broker_access import channel
from tests.chaos.drill import Drill, Expected, Trial
from tests.chaos.ground import Ground

WITHIN_S = 2.0
"""What is promised: no container of a cancelled job after so many seconds."""


def _at_once(_ground: Ground, _job: Job) -> None:
    """Before it is planned, or just after."""


def _in_backlog(ground: Ground, job: Job) -> None:
    """Most units wait in the backlog and in the lane."""
    ground.until(lambda: job.refresh().counts.get(UnitState.QUEUED, 0) >= 20, "units in the backlog")


def _on_ladder(ground: Ground, job: Job) -> None:
    """All units that were tried wait on the retry ladder."""
    ground.until(lambda: any(row.attempt > 1 for row in job.table([UnitState.QUEUED])), "a unit on the ladder")


def _running(ground: Ground, job: Job) -> None:
    ground.until_running(job, 2)
    ground.until(lambda: bool(ground.containers_at_work()), "a container at work", 20)


def _merging(ground: Ground, job: Job) -> None:
    def merges() -> bool:
        return any(row.stage == "merge" for row in job.refresh().table([UnitState.RUNNING]))

    ground.until(merges, "the merge")
    ground.until(lambda: bool(ground.containers_at_work()), "a container at work", 20)


def _phase(reach: Callable[[Ground, Job], None], windows: int, **parameters: object) -> Callable[[Ground], Trial]:
    def run(ground: Ground) -> Trial:
        job = ground.submit(windows, **parameters)
        reach(ground, job)
        begin = time.monotonic()
        job.cancel()
        ground.until(lambda: job.refresh().state is JobState.ABORTED, "the cancelled job", 20)
        seconds = _last_at_work(ground, begin)
        ground.until(lambda: not _unsettled(job.refresh()), "the end of every unit of the cancelled job", 20)
        _late_results(ground, job)
        good = sum(job.counts.get(state, 0) for state in (UnitState.DONE, UnitState.CACHED))
        return Trial((Expected(job, good, state=JobState.ABORTED),), seconds)

    return run


def _last_at_work(ground: Ground, begin: float) -> float:
    """Return how long after *begin* a container was last seen at work; one may still have been on its way."""
    last = begin
    while time.monotonic() < begin + WITHIN_S + 1.0:
        if ground.containers_at_work():
            last = time.monotonic()
        time.sleep(0.1)
    return last - begin


def _unsettled(job: Job) -> int:
    return sum(number for state, number in job.counts.items() if not unit_is_final(state))


def _late_results(ground: Ground, job: Job) -> None:
    """Tell that cancelled units are done, as a worker that heard too late would: the job stays as it is."""
    rows = job.table([UnitState.CANCELLED])[:5]
    counts = job.counts
    with channel(ground) as mouth:
        for row in (row for row in rows if row.key):
            event = UnitEvent(
                event_id=uuid.uuid4().hex,
                unit_key=row.key,
                instrument="noop",
                stage=row.stage,
                label=row.label,
                run_id=job.view.run_id or "",
                state=UnitState.DONE,
                attempt=9,
                at=utc_now(),
            )
            message = amqp.Message(
                event.encode(), message_id=event.event_id, correlation_id=event.run_id, type=event.SCHEMA
            )
            mouth.basic_publish(message, EVENTS, event.routing_key, mandatory=True)
        aggregate = lambda: mouth.queue_declare("events.aggregate", passive=True).message_count == 0  # noqa: E731
        ground.until(aggregate, "the late results taken in", 20)
    time.sleep(0.3)  # what was delivered may still be in work
    assert job.refresh().state is JobState.ABORTED, "a late result revived the job"
    assert job.counts == counts, f"late results changed {counts} to {job.counts}"


def shared_run(ground: Ground) -> Trial:
    """Cancel one of two callers of the same run: the other gets its products, and nothing is made twice."""
    salt = uuid.uuid4().hex
    first, second = (ground.submit(4, seconds=1.5, salt=salt) for _ in range(2))
    ground.until_running(first)
    begin = time.monotonic()
    first.cancel()
    ground.until(lambda: first.refresh().state is JobState.ABORTED, "the cancelled job", 20)
    seconds = time.monotonic() - begin
    ground.until_ended(second)
    assert second.view.run_id == first.view.run_id, "the two callers did not share a run"
    return Trial((Expected(second, 5), Expected(first, 5, state=JobState.ABORTED)), seconds)


def shared_unit(ground: Ground) -> Trial:
    """Cancel a run of which another run wants some units: those go on, once."""
    salt = uuid.uuid4().hex
    wide = ground.submit(6, seconds=2, salt=salt)
    narrow = ground.submit(3, seconds=2, salt=salt)
    ground.until_running(narrow)
    begin = time.monotonic()
    wide.cancel()
    ground.until(lambda: wide.refresh().state is JobState.ABORTED, "the cancelled job", 20)
    seconds = time.monotonic() - begin
    ground.until_ended(narrow)
    good = sum(wide.refresh().counts.get(state, 0) for state in (UnitState.DONE, UnitState.CACHED))
    return Trial((Expected(narrow, 4), Expected(wide, good, state=JobState.ABORTED)), seconds)


def wanted_again(ground: Ground) -> Trial:
    """Submit a cancelled request again at once: it is made as if nothing had been."""
    salt = uuid.uuid4().hex
    first = ground.submit(4, seconds=2, salt=salt)
    ground.until_running(first, 2)
    first.cancel()
    again = ground.submit(4, seconds=2, salt=salt)
    begin = time.monotonic()
    ground.until_ended(first, again)
    seconds = time.monotonic() - begin
    good = sum(first.counts.get(state, 0) for state in (UnitState.DONE, UnitState.CACHED))
    return Trial((Expected(again, 5), Expected(first, good, state=JobState.ABORTED)), seconds)


def when_over(ground: Ground) -> Trial:
    """Cancel a job that has ended: it stays as it is, products and all."""
    job = ground.submit(2)
    ground.until_ended(job)
    begin = time.monotonic()
    job.cancel()
    assert job.refresh().state is JobState.COMPLETED
    return Trial((Expected(job, 3),), time.monotonic() - begin)


DRILLS = (
    Drill("cancel at once", _phase(_at_once, 6, seconds=5), within_s=WITHIN_S, quick=True),
    Drill("cancel in the backlog", _phase(_in_backlog, 40, seconds=5), within_s=WITHIN_S, quick=True),
    Drill("cancel on the retry ladder", _phase(_on_ladder, 3, behaviour="transient"), within_s=WITHIN_S, quick=True),
    Drill("cancel while units run", _phase(_running, 4, seconds=25), within_s=WITHIN_S, quick=True),
    Drill("cancel while it merges", _phase(_merging, 2, merge_seconds=25), within_s=WITHIN_S, quick=True),
    Drill("cancel when over", when_over, quick=True),
    Drill("cancel one of two callers", shared_run, quick=True),
    Drill("cancel, units shared with another", shared_unit, quick=True),
    Drill("cancel, then wanted again", wanted_again, quick=True),
)
