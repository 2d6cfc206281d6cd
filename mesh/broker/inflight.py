"""What one consumer holds: which messages are being handled, under which tags, and how recent ones ended.

When a connection is lost the broker delivers the unsettled messages again, while their handlers still run. A redelivery
joins the running handler, or is settled at once as its handler ended meanwhile; it does not start a second one.
"""

import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from enum import Enum, auto

from mesh.broker.delivery import Delivery
from mesh.broker.settle import Action

Identity = tuple[str, str, int]

_REMEMBERED = 1024
_REMEMBER_SECONDS = 600.0
"""Redeliveries come within seconds of a reconnect; much later the same id may be a new wish for the same work."""


@dataclass(frozen=True)
class Tag:
    """The broker's handle of one delivery: valid on the link that brought it only."""

    link: Hashable
    number: int


class Arrival(Enum):
    """What to do with a delivery."""

    START = auto()
    """New: start a handler."""
    JOINED = auto()
    """Its handler runs already: nothing to do."""
    ENDED = auto()
    """Its handler has ended: settle it the same way."""


@dataclass(frozen=True)
class _Ended:
    action: Action
    link: Hashable
    at: float


class InFlight:
    """The bookkeeping of one consumer; plain data, no I/O.

    Args:
        clock: monotonic seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._running: dict[Identity, set[Tag]] = {}
        self._ended: OrderedDict[Identity, _Ended] = OrderedDict()

    def __len__(self) -> int:
        """Return the number of messages being handled."""
        return len(self._running)

    def arrive(self, delivery: Delivery, tag: Tag) -> Arrival:
        """Take note of a delivery and say what to do with it."""
        identity = delivery.identity
        if identity in self._running:
            self._running[identity].add(tag)
            return Arrival.JOINED
        if delivery.redelivered and self._settled_before(identity, tag):
            return Arrival.ENDED
        self._running[identity] = {tag}
        return Arrival.START

    def ended_with(self, delivery: Delivery) -> Action:
        """Return how a message that `arrive` called ENDED was settled."""
        return self._ended[delivery.identity].action

    def finish(self, delivery: Delivery, action: Action | None, link: Hashable) -> tuple[Tag, ...]:
        """End the handling of a message.

        Args:
            delivery: the message.
            action: how it is settled, remembered for redeliveries; None if it shall be delivered afresh.
            link: the one that is up now, or None.

        Returns:
            The tags to settle; none while the link is down.
        """
        tags = self._running.pop(delivery.identity)
        self._ended.pop(delivery.identity, None)
        if action is not None:
            self._ended[delivery.identity] = _Ended(action, link if tags else None, self._clock())
            while len(self._ended) > _REMEMBERED:
                self._ended.popitem(last=False)
        return tuple(tags)

    def lose(self, link: Hashable) -> None:
        """Forget the tags of a lost link; the handlers run on and wait for their redeliveries."""
        for identity, tags in self._running.items():
            self._running[identity] = {tag for tag in tags if tag.link != link}

    def _settled_before(self, identity: Identity, tag: Tag) -> bool:
        """Say whether the message was settled on a link that is gone, so that the broker may not have heard."""
        ended = self._ended.get(identity)
        return ended is not None and ended.link != tag.link and self._clock() - ended.at < _REMEMBER_SECONDS
