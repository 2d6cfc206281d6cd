"""What operators are shown, as a test sets it."""

from collections.abc import Iterable, Iterator
from contextlib import nullcontext
from dataclasses import dataclass, field

from gateway.admin.sources import CacheFigures, Sources, UserFigures
from mesh.broker.dead_letters import DeadLetter
from mesh.broker.delivery import Delivery
from mesh.broker.queue_counts import QueueCount
from mesh.contracts import Allowance, Lane
from mesh.errors import NotFound
from mesh.store.announcements import Worker
from mesh.store.lanes import LaneLoad
from mesh.store.loads import Load
from mesh.store.stock import StageFigures


def dead_letter(queue: str = "dead.isgri", message_id: str = "u1", exchange: str = "mesh.units") -> DeadLetter:
    """Return a letter that a lane of ISGRI rejected."""
    delivery = Delivery(
        body=b'{"stage": "image", "label": "201600270010.001"}',
        message_id=message_id,
        correlation_id="run-1",
        routing_key="isgri.user",
        attempt=5,
        schema="odamesh.unit/1",
    )
    return DeadLetter(
        queue, delivery, "units.isgri.user", "rejected", "2026-11-30T10:00:00Z", exchange, "isgri.user", tag=1
    )


@dataclass
class MemoryPost:
    """Dead letters in memory."""

    kept: list[DeadLetter] = field(default_factory=list)

    def count(self, queues: Iterable[str]) -> dict[str, int]:
        """Return how many lie in each queue."""
        return {queue: sum(letter.queue == queue for letter in self.kept) for queue in queues}

    def letters(self, queue: str) -> Iterator[DeadLetter]:
        """Return those of a queue."""
        return iter([letter for letter in self.kept if letter.queue == queue])

    def find(self, queue: str, letter_id: str) -> DeadLetter:
        """Return one."""
        for letter in self.letters(queue):
            if letter.id == letter_id:
                return letter
        raise NotFound(f"there is no dead letter {letter_id} in {queue}")

    def drop(self, letter: DeadLetter) -> None:
        """Remove one."""
        self.kept.remove(letter)


def worker(name: str, *, slots: int = 2, silent_s: float = 1.0, withdrawn: bool = False) -> Worker:
    """Return a worker."""
    return Worker(name, "sha256:1", "c1", "warm", slots, silent_s, withdrawn)


def sources(post: MemoryPost) -> Sources:
    """Return sources in which ISGRI has a busy lane, and one worker of three is gone."""

    def counts(queues: Iterable[str]) -> dict[str, QueueCount]:
        there = {"units.isgri.user": QueueCount(3, 2), "requests.dispatcher": QueueCount(0, 1)}
        return {queue: there[queue] for queue in queues if queue in there}

    return Sources(
        lanes=lambda name: [LaneLoad(Lane.USER, 2, 40, 5, 2)] if name == "isgri" else [],
        workers=lambda name: (
            [worker("a"), worker("b", silent_s=40.0), worker("c", withdrawn=True)] if name == "isgri" else []
        ),
        counts=counts,
        letters=lambda: nullcontext(post),
        cache=lambda: CacheFigures([StageFigures("isgri", "image", 1, 3, 4, 4000, 2)], 1, index_complete=True),
        users=lambda: [UserFigures("ada", Allowance(jobs=7), Load(jobs=2, units=45, spent_s=12.34, unplanned=1))],
        alarms=list,
        dashboards="http://watch.test/consoles",
    )
