"""One screen of where the mesh stands; what cannot be asked says so in its place."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TypeVar

from infra.overview.facts import Facts
from infra.stack.problem import SetupProblem
from mesh.broker.topology import FAN_IN_QUEUE, REQUESTS_QUEUE, dead_queues, unit_queue
from mesh.contracts import Lane
from mesh.errors import MeshError

_Answer = TypeVar("_Answer")


@dataclass(frozen=True)
class Row:
    """One instrument."""

    instrument: str
    waiting: int
    """Units in the backlog."""
    queued: int
    """Messages in the queues of its lanes."""
    running: int
    slots: int
    workers: int
    """Those that live."""


@dataclass(frozen=True)
class Screen:
    """Where the mesh stands."""

    servers: dict[str, bool]
    """Name -> whether it answers."""
    processes: dict[str, str]
    """Name -> ready, or why it is not."""
    rows: list[Row]
    messages: dict[str, int]
    """What waits in the queues of the dispatcher, and dead letters."""
    oldest_s: dict[str, float]
    """Age of the oldest run of each lane that has not ended."""
    alarms: list[str]
    """Those that are raised, each with its summary and for how long."""
    unknown: dict[str, str]
    """What could not be asked, and why."""

    @property
    def well(self) -> bool:
        """Whether everything is up and ready, and no alarm is raised."""
        up = all(self.servers.values()) and all(state == "ready" for state in self.processes.values())
        return up and not self.alarms and not self.unknown


def look(facts: Facts) -> Screen:
    """Ask everything once."""
    unknown: dict[str, str] = {}

    def asked(what: str, ask: Callable[[], _Answer], otherwise: _Answer) -> _Answer:
        try:
            return ask()
        except (MeshError, SetupProblem, OSError) as error:
            unknown[what] = str(error)
            return otherwise

    names = facts.instruments()
    return Screen(
        servers=asked("servers", lambda: {server.name: server.up for server in facts.servers()}, {}),
        processes=asked(
            "processes",
            lambda: {
                one.name: "down" if not one.up else "ready" if one.ready else one.reason or "not ready"
                for one in facts.processes()
            },
            {},
        ),
        rows=asked("instruments", lambda: list(_rows(facts, names)), []),
        messages=asked("queues", lambda: _messages(facts, names), {}),
        oldest_s=asked("runs", lambda: {lane.value: age for lane, age in facts.oldest().items() if age}, {}),
        alarms=asked("alarms", lambda: list(_alarms(facts)), []),
        unknown=unknown,
    )


def _rows(facts: Facts, names: Sequence[str]) -> Iterator[Row]:
    counts = facts.counts([unit_queue(name, lane) for name in names for lane in Lane])
    for name in names:
        loads, workers = facts.lanes(name), [worker for worker in facts.workers(name) if worker.alive]
        own = [counts[queue].ready for lane in Lane if (queue := unit_queue(name, lane)) in counts]
        yield Row(
            instrument=name,
            waiting=sum(load.waiting for load in loads),
            queued=sum(own),
            running=sum(load.running for load in loads),
            slots=sum(worker.slots for worker in workers),
            workers=len(workers),
        )


def _messages(facts: Facts, names: Sequence[str]) -> dict[str, int]:
    dead = dead_queues(names)
    counts = facts.counts([REQUESTS_QUEUE, FAN_IN_QUEUE, *dead])
    waiting = {queue: counts[queue].ready for queue in (REQUESTS_QUEUE, FAN_IN_QUEUE) if queue in counts}
    return waiting | {"dead letters": sum(counts[queue].ready for queue in dead if queue in counts)}


def _alarms(facts: Facts) -> Iterator[str]:
    for alarm in facts.alarms():
        if alarm.state == "raised":
            age = timedelta(seconds=int((datetime.now(UTC) - datetime.fromisoformat(alarm.since)).total_seconds()))
            yield f"{alarm.alarm} ({alarm.severity}, for {age}): {alarm.summary}"
