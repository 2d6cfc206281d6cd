"""Where the operators' documents come from: Redis, the broker, the store and Alertmanager."""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from typing import NamedTuple, Protocol

from mesh.alarms import Alarm, alarms
from mesh.broker.dead_letters import DeadLetter, DeadLetters
from mesh.broker.queue_counts import QueueCount, count_queues
from mesh.contracts import Allowance
from mesh.settings import Connections, Watchers
from mesh.store.allowances import read_allowances
from mesh.store.announcements import Announcements, Worker
from mesh.store.connect import redis_client
from mesh.store.lanes import LaneLoad, Lanes
from mesh.store.loads import Load, Loads
from mesh.store.names import EVERYBODY
from mesh.store.objects import Objects
from mesh.store.pins import Pins
from mesh.store.products import Products
from mesh.store.stock import StageFigures, figures


class Letters(Protocol):
    """Dead letters that somebody looks at."""

    def count(self, queues: Iterable[str]) -> dict[str, int]:
        """Return how many lie in each of those queues that exist."""

    def letters(self, queue: str) -> Iterator[DeadLetter]:
        """Return those of a queue, the oldest first."""

    def find(self, queue: str, letter_id: str) -> DeadLetter:
        """Return one; raises NotFound."""

    def drop(self, letter: DeadLetter) -> None:
        """Remove one for good."""


class CacheFigures(NamedTuple):
    """What the store holds."""

    stages: Sequence[StageFigures]
    pinned: int
    index_complete: bool


class UserFigures(NamedTuple):
    """What a user may have, and has."""

    user: str
    allowed: Allowance
    load: Load


@dataclass(frozen=True)
class Sources:
    """What the documents are made of; each may raise StoreUnavailable, BrokerUnavailable or WatcherUnavailable."""

    lanes: Callable[[str], Sequence[LaneLoad]]
    """Of one instrument."""
    workers: Callable[[str], Sequence[Worker]]
    """Of one instrument."""
    counts: Callable[[Iterable[str]], Mapping[str, QueueCount]]
    letters: Callable[[], AbstractContextManager[Letters]]
    cache: Callable[[], CacheFigures]
    users: Callable[[], Sequence[UserFigures]]
    alarms: Callable[[], Sequence[Alarm]]
    dashboards: str = ""
    """Address below which the pages of the dashboards are; empty: nobody said."""


def real_sources(connections: Connections, watchers: Watchers, dashboards: str) -> Sources:
    """Return the sources of this deployment; nothing is connected before it is asked.

    Args:
        connections: the servers, as the gateway's account sees them.
        watchers: Prometheus and Alertmanager.
        dashboards: where operators see the dashboards; empty: at Prometheus itself.
    """
    index, objects = redis_client(connections.redis), Objects(connections.store)
    loads = Loads(index)

    def cache() -> CacheFigures:
        return CacheFigures(figures(index), Pins(objects, index).count(), Products(objects, index).index_is_complete())

    def users() -> list[UserFigures]:
        allowances = read_allowances(objects)
        names = sorted({*allowances.users, *loads.users(), *loads.lately()} - {EVERYBODY})
        return [UserFigures(user, allowances.of(user), loads.of(user)) for user in names]

    return Sources(
        lanes=Lanes(index).of,
        workers=Announcements(index).workers,
        counts=lambda queues: count_queues(connections.broker, queues),
        letters=lambda: DeadLetters(connections.broker),
        cache=cache,
        users=users,
        alarms=lambda: alarms(watchers.alertmanager),
        dashboards=dashboards or (f"{watchers.prometheus}/consoles" if watchers.prometheus else ""),
    )
