"""A fault at each call of Redis, the store, the broker or the mesh: no alert is lost, none is doubled."""

import json
from collections import Counter
from collections.abc import Callable
from random import Random
from typing import Any

import pytest
import redis

from mesh.contracts.alert import AlertEntry, Deed
from mesh.errors import TransientFailure
from mesh.states import JobState
from mesh.store.alert_index import AlertIndex
from tests.integration.crash_points.injector import Died, Fault, FaultyRedis, Injector, MemoryBroker, MemoryObjects
from tests.unit.triggers.alert_world import AlertWorld

KEY = "mission:1"
_SAMPLED = 8
_TRIES, _ROUNDS = 20, 6


class CrashingWorld(AlertWorld):
    """The way of alerts, whose processes die and are started again, and whose senders send again until answered."""

    def __init__(self, real: redis.Redis, injector: Injector) -> None:
        self.real, self.injector = real, injector
        super().__init__(
            MemoryObjects(injector),
            MemoryBroker(injector),
            AlertIndex(FaultyRedis(real, injector)),
            lambda what, work: injector.call(f"mesh {what}", work, TransientFailure("Away", "injected")),
        )

    def until_done(self, work: Callable[[], object]) -> None:
        """Do something until it succeeds; who dies is started again."""
        for _ in range(_TRIES):
            try:
                work()
            except Died:
                self.injector.dead = False
                self.start()
            except TransientFailure:
                continue
            else:
                return
        raise AssertionError("never done")

    def send(self, **fields: Any) -> None:
        """Post a notice, as a broker that tries again does."""
        body = {"mission": "Mission", "id": ["1"], "trigger_time": "2023-05-18T12:59:08Z", **fields}
        self.until_done(lambda: self.post(json.dumps(body).encode()))

    def run(self) -> None:
        """Take up what waits; an entry is settled once its handler has returned."""
        while entries := [one for one in self.broker.waiting if one.exchange == "mesh.alerts"]:
            self.until_done(lambda entry=entries[0]: self.triggers.entry(AlertEntry.decode(entry.body)))  # type: ignore[misc]
            self.broker.waiting.remove(entries[0])
        for key in self.real.zrange("alerts:waiting", 0, -1):
            self.real.zadd("alerts:waiting", {str(key): 0})
        self.until_done(self.triggers.look)

    def recover(self) -> None:
        """Come to rest without further faults."""
        self.injector.armed = False
        for _ in range(_ROUNDS):
            self.run()
            self.mesh.finish()
            self.triggers.sweep()

    def problems(self) -> list[str]:
        """Return everything that is not as it must be at rest."""
        event = self.event(KEY)
        record = self.record(KEY)
        found = [f"still to be published: {event.outbox}"] if event.outbox else []
        found += [f"job {job.product} is {job.state}" for job in event.jobs if not job.ended]
        found += [f"waits: {key!r}" for key in self.real.zrange("alerts:waiting", 0, -1)]
        receipts = Counter(one.receipt_id for one in event.receipts)
        found += [f"receipt {name} {number} times" for name, number in receipts.items() if number > 1]
        asked = Counter(view.product for view in self.mesh.views.values())
        found += [f"{product} asked for {number} times" for product, number in asked.items() if number > 1]
        messages = [one for one in self.broker.waiting if one.exchange == "mesh.transients"]
        contents: dict[str, set[bytes]] = {}
        for one in messages:
            contents.setdefault(one.message_id, set()).add(one.body)
        found += [f"message {name} has two contents" for name, bodies in contents.items() if len(bodies) > 1]
        newest = {topic: version for topic, version, _ in sorted(self.out(), key=lambda one: one[1])}
        if record.state != "WITHDRAWN":  # what the analyses of such an event find is kept and not told
            found += [f"{topic} saw version {last} last" for topic, last in newest.items() if last != record.version]
        summaries = self.index_summary()
        if summaries.get("version") != record.version:
            found.append(f"the index tells of version {summaries.get('version')}, the record is {record.version}")
        return found

    def index_summary(self) -> dict[str, Any]:
        """Return what lists show of the event."""
        text = self.real.hget("alerts:summaries", KEY)
        return dict(json.loads(str(text))) if text else {}


def _trigger(world: CrashingWorld) -> list[str]:
    world.send()
    world.run()
    world.mesh.finish()
    world.run()
    return []


def _ends(world: CrashingWorld) -> list[str]:
    record = world.record(KEY)
    wrong = "S/N 4.6" not in record.answer or record.state != "ACTIVE"
    return [f"the record says: {record.answer}"] if wrong else []


def _update(world: CrashingWorld) -> list[str]:
    world.send()
    world.run()
    world.send(alert_type="update", record_number=2, classification={"GRB": 1})
    world.send(alert_type="update", record_number=2, classification={"GRB": 1})
    world.run()
    return []


def _updated(world: CrashingWorld) -> list[str]:
    record = world.record(KEY)
    wrong = len(record.versions) != 2 or record.classification != {"GRB": 1}
    return [*_ends(world), *([f"versions {record.versions}"] if wrong else [])]


def _retract(world: CrashingWorld) -> list[str]:
    world.send()
    world.run()
    world.send(alert_type="retraction", record_number=2)
    world.run()
    return []


def _retracted(world: CrashingWorld) -> list[str]:
    event, record = world.event(KEY), world.record(KEY)
    found = [] if record.state == "RETRACTED" else [f"the event is {record.state}"]
    found += [f"{topic} was not told" for topic, version in event.published.items() if version > 0]
    known = {job.job_id for job in event.jobs}
    left = [one.job_id for one in world.mesh.views.values() if one.state is not JobState.ABORTED]
    return found + [f"job {job_id} runs on" for job_id in left if job_id in known]


def _command(world: CrashingWorld) -> list[str]:
    world.send()
    world.run()
    world.until_done(lambda: world.want(KEY, Deed.RETRACT, "2024-01-01T00:03:00.000Z"))
    world.run()
    return []


def _withdrawn(world: CrashingWorld) -> list[str]:
    state = world.record(KEY).state
    told = [word for _, _, word in world.out() if word in {"WITHDRAWN"}]
    return [] if state == "WITHDRAWN" and told else [f"the event is {state}, topics were told {told}"]


def _flush(world: CrashingWorld) -> list[str]:
    world.send()
    world.run()
    for key in world.real.scan_iter("alerts:*"):
        world.real.delete(key)
    world.until_done(world.triggers.complete_index)
    return []


_SCENARIOS: dict[str, tuple[Callable[[CrashingWorld], object], Callable[[CrashingWorld], list[str]]]] = {
    "trigger": (_trigger, _ends),
    "update": (_update, _updated),
    "retraction": (_retract, _retracted),
    "command": (_command, _withdrawn),
    "flush": (_flush, _ends),
}


def _play(index: redis.Redis, name: str, injector: Injector) -> list[str]:
    for key in index.scan_iter("alerts:*"):
        index.delete(key)
    world = CrashingWorld(index, injector)
    act, check = _SCENARIOS[name]
    injector.armed = True
    act(world)
    world.recover()
    return [*world.problems(), *check(world)]


def _found(index: redis.Redis, name: str, fault: Fault, calls: list[int]) -> list[str]:
    found = []
    for number in calls:
        injector = Injector(at=number, fault=fault)
        problems = _play(index, name, injector)
        found += [f"call {number} ({injector.hit}), {fault.value}: {problem}" for problem in problems]
    return found


def _calls(index: redis.Redis, name: str) -> int:
    counted = Injector()
    assert _play(index, name, counted) == []
    return counted.calls


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
@pytest.mark.parametrize("name", _SCENARIOS)
def test_no_alert_is_lost_between_two_steps(index: redis.Redis, name: str, fault: Fault) -> None:
    calls = range(1, _calls(index, name) + 1)
    some = Random(f"{name} {fault}").sample(calls, min(_SAMPLED, len(calls)))  # noqa: S311 - no secret
    assert not _found(index, name, fault, sorted(some))


@pytest.mark.long
@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
@pytest.mark.parametrize("name", _SCENARIOS)
def test_no_alert_is_lost_between_any_two_steps(index: redis.Redis, name: str, fault: Fault) -> None:
    assert not _found(index, name, fault, list(range(1, _calls(index, name) + 1)))
