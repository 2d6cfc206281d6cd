"""What a worker tells of the units that it runs, and what it leaves to the settle table."""

from typing import Any, cast

import pytest
from eventlet import Timeout

from mesh.broker.delivery import Delivery
from mesh.contracts import CancelUnits, FollowLog, UnitEvent
from mesh.contracts.request import Lane
from mesh.errors import (
    BadInput,
    ContractViolation,
    HeldElsewhere,
    KilledItsWorker,
    OtherImage,
    OutOfMemory,
    StoreUnavailable,
    UnitCancelled,
)
from mesh.service.following import Following
from mesh.service.slots import Slots
from mesh.service.worker import Worker
from mesh.states import FailureKind, UnitState
from tests.noop_unit import NOBODY_WAITS, UNIT, Bench, ExecutorDouble, LeasesDouble, RunnerDouble, as_it_is

NOBODY_FOLLOWS = Following("noop", lambda *_: None, print)


AROUND = (NOBODY_FOLLOWS, NOBODY_WAITS, as_it_is)


def test_a_unit_that_ends_well_is_told_by_the_executor_alone() -> None:
    bench = Bench(ExecutorDouble())

    bench.run(attempt=3)

    assert bench.executor.attempts == [3]
    assert bench.told == []


@pytest.mark.parametrize(
    ("error", "attempt", "kind"),
    [
        (BadInput("NoScWData", "x"), 1, FailureKind.USAGE),
        (StoreUnavailable("RedisUnavailable", "x"), 5, FailureKind.TRANSIENT),
        (OutOfMemory("OutOfMemory", "x"), 2, FailureKind.OUT_OF_MEMORY),
        (ZeroDivisionError("x"), 5, FailureKind.TRANSIENT),
    ],
)
def test_a_unit_that_failed_for_good_is_told_with_its_reason(error: Exception, attempt: int, kind: FailureKind) -> None:
    bench = Bench(ExecutorDouble(error))

    with pytest.raises(type(error)):
        bench.run(attempt)

    [told] = bench.told
    assert told.state is UnitState.FAILED
    assert told.failure is not None
    assert told.failure.kind is kind
    assert (told.unit_key, told.run_id, told.attempt, told.worker) == (UNIT.key, "r1", attempt, "worker-1")


@pytest.mark.parametrize(
    "error", [StoreUnavailable("RedisUnavailable", "x"), OutOfMemory("OutOfMemory", "x"), ZeroDivisionError("x")]
)
def test_a_unit_that_comes_again_is_told_as_queued(error: Exception) -> None:
    bench = Bench(ExecutorDouble(error))

    with pytest.raises(type(error)):
        bench.run(attempt=1)

    [told] = bench.told
    assert told.state is UnitState.QUEUED
    assert told.attempt == 2


def test_a_unit_waits_for_a_store_that_comes_back() -> None:
    executor: Any = ExecutorDouble(StoreUnavailable("StoreUnavailable", "x"))
    told: list[UnitEvent] = []

    def draining() -> bool:
        if len(executor.attempts) == 2:
            executor.error = None  # it is back before the next try
        return False

    worker = Worker(executor, Slots(2), told.append, *AROUND, patience_s=60.0, draining=draining)

    worker.run(Delivery(body=UNIT.encode(), message_id=UNIT.key, attempt=2))

    assert executor.attempts == [2, 2, 2]
    assert told == []


def test_a_unit_waits_for_a_store_only_so_long() -> None:
    executor: Any = ExecutorDouble(StoreUnavailable("StoreUnavailable", "x"))
    worker = Worker(executor, Slots(2), print, *AROUND, patience_s=1.2)

    with pytest.raises(StoreUnavailable):
        worker.run(Delivery(body=UNIT.encode(), message_id=UNIT.key))

    assert 2 <= len(executor.attempts) <= 3


def test_a_drain_ends_the_wait_for_a_store() -> None:
    """Told to end in the middle of a pause, the worker does not sit it out."""
    executor: Any = ExecutorDouble(StoreUnavailable("StoreUnavailable", "x"))
    looks = iter([False] * 3)
    worker = Worker(
        executor,
        Slots(2),
        print,
        NOBODY_FOLLOWS,
        NOBODY_WAITS,
        as_it_is,
        patience_s=1e9,
        draining=lambda: next(looks, True),
    )

    with pytest.raises(StoreUnavailable):
        worker.run(Delivery(body=UNIT.encode(), message_id=UNIT.key))

    assert executor.attempts == [1, 1]


def test_who_drains_does_not_wait_for_a_store() -> None:
    executor: Any = ExecutorDouble(StoreUnavailable("StoreUnavailable", "x"))
    worker = Worker(executor, Slots(2), print, *AROUND, patience_s=60.0, draining=lambda: True)

    with pytest.raises(StoreUnavailable):
        worker.run(Delivery(body=UNIT.encode(), message_id=UNIT.key))

    assert executor.attempts == [1]


def test_a_unit_held_elsewhere_is_not_told() -> None:
    bench = Bench(ExecutorDouble(HeldElsewhere("HeldElsewhere", "x")))

    with pytest.raises(HeldElsewhere):
        bench.run()

    assert bench.told == []


def test_a_unit_for_another_image_waits_and_is_left_to_the_dispatcher_at_last() -> None:
    bench = Bench(ExecutorDouble(OtherImage("OtherImage", "x")))

    for attempt in (1, 5):
        with pytest.raises(OtherImage):
            bench.run(attempt)

    assert [(event.state, event.attempt) for event in bench.told] == [(UnitState.QUEUED, 2)]


@pytest.mark.parametrize(("deaths", "alone"), [(1, False), (2, True), (3, True)])
def test_a_unit_that_cost_two_workers_runs_alone(deaths: int, alone: bool) -> None:
    bench = Bench(ExecutorDouble(leases=LeasesDouble(deaths)))
    beside: list[int] = []

    def look(_unit: object, _attempt: int) -> None:
        with Timeout(0.01, False), bench.slots.hold(Lane.BATCH):
            beside.append(1)

    cast(Any, bench.executor).execute = look

    bench.run(redelivered=True)

    assert bool(beside) is not alone
    assert bench.executor.leases.died == 0, "a worker survived it"


def test_a_unit_that_cost_four_workers_is_given_up() -> None:
    bench = Bench(ExecutorDouble(leases=LeasesDouble(4)))

    with pytest.raises(KilledItsWorker):
        bench.run(redelivered=True)

    [told] = bench.told
    assert told.state is UnitState.FAILED
    assert told.failure is not None
    assert told.failure.reason == "KilledItsWorker"
    assert bench.executor.attempts == [], "it has no fifth victim"
    assert bench.executor.leases.died == 0, "whoever asks again may try again"


def test_a_unit_held_elsewhere_is_not_acquitted() -> None:
    bench = Bench(ExecutorDouble(HeldElsewhere("HeldElsewhere", "x"), leases=LeasesDouble(2)))

    with pytest.raises(HeldElsewhere):
        bench.run(redelivered=True)

    assert bench.executor.leases.died == 2


def test_nobody_asks_after_the_past_of_a_new_message() -> None:
    bench = Bench(ExecutorDouble(leases=LeasesDouble(4)))

    bench.run()

    assert bench.executor.attempts == [1]


def test_a_cancelled_unit_is_told_as_cancelled() -> None:
    bench = Bench(ExecutorDouble(UnitCancelled("Cancelled", "x")))

    with pytest.raises(UnitCancelled):
        bench.run()

    assert [event.state for event in bench.told] == [UnitState.CANCELLED]


def test_what_is_no_unit_is_not_executed() -> None:
    bench = Bench(ExecutorDouble())

    with pytest.raises(ContractViolation):
        bench.run(body=b"nonsense")

    assert bench.executor.attempts == []


def test_every_end_frees_the_slot() -> None:
    bench = Bench(ExecutorDouble(BadInput("NoScWData", "x")))

    for _ in range(5):
        with pytest.raises(BadInput):
            bench.run()

    assert bench.slots.running(Lane.USER) == 0


def test_a_broadcast_stops_the_units_it_names() -> None:
    bench = Bench(ExecutorDouble())
    body = CancelUnits(unit_keys=(UNIT.key, "cd" * 32)).encode()

    bench.worker.obey(Delivery(body=body, message_id="b1"))

    assert bench.executor.runner.killed == [UNIT.key, "cd" * 32]


def test_a_broadcast_asks_for_the_log_of_a_unit() -> None:
    bench = Bench(ExecutorDouble())
    wish = FollowLog(unit_key=UNIT.key, try_id="0a", position=7)

    bench.worker.obey(Delivery(body=wish.encode(), message_id="b1", schema=wish.SCHEMA))

    assert bench.read == [(UNIT.key, "0a", 7)]


def test_a_broadcast_that_asks_for_nothing_known_is_refused() -> None:
    with pytest.raises(ContractViolation):
        Bench(ExecutorDouble()).worker.obey(Delivery(body=UNIT.encode(), message_id="b1", schema=UNIT.SCHEMA))


def test_a_unit_on_its_way_into_a_container_is_stopped_there() -> None:
    bench = Bench(ExecutorDouble(runner=RunnerDouble(looks=3), running={UNIT.key}))

    bench.worker.obey(Delivery(body=CancelUnits(unit_keys=(UNIT.key,)).encode(), message_id="b1"))

    assert bench.executor.runner.killed == [UNIT.key] * 4


def test_closing_goes_in_order() -> None:
    done: list[str] = []
    executor: Any = ExecutorDouble()
    steps = (lambda: done.append("runner"), lambda: done.append("leave"))
    worker = Worker(executor, Slots(2), print, *AROUND, steps)

    worker.close()

    assert done == ["runner", "leave"]
