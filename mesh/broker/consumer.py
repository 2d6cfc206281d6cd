"""The draining consumer, as a nameko entrypoint.

Nameko's own consumer drops the connection when it is asked to stop, so that every message in work is delivered again
elsewhere; acknowledges or requeues failures without a delay; and starts a message twice when a connection breaks. This
one cancels its subscription, lets the handlers finish, settles by the table of `mesh.broker.settle`, and closes then.
"""

import threading
import time
from collections.abc import Callable
from enum import Enum, auto
from typing import Any, TypeVar

import structlog
from eventlet.event import Event
from nameko.extensions import Entrypoint

from mesh import tracing
from mesh.broker import metrics
from mesh.broker.connection import LOST, describe
from mesh.broker.delivery import Delivery, read_delivery
from mesh.broker.inflight import Arrival, InFlight, Tag
from mesh.broker.link import Link
from mesh.broker.retry import retry_copy
from mesh.broker.session import Session, session
from mesh.broker.settle import Action, Decision, Outcome, deadly_outcomes, decide
from mesh.errors import BrokerUnavailable, MeshError

_log = structlog.get_logger(__name__)

Handler = TypeVar("Handler", bound=Callable[[Any, Delivery], None])
"""A method that takes a delivery."""

_RECONNECT_FIRST, _RECONNECT_LONGEST = 0.2, 5.0
_HOLD_FIRST, _HOLD_LONGEST = 0.5, 15.0
_REQUEUE_SECONDS = 1.0
_EVENTS = {Action.ACK: "given up", Action.RETRY: "retry", Action.DEAD: "dead letter"}
"""What is noted in the trace of a message whose handler failed."""


class Retry(Enum):
    """How a message of a queue is tried again."""

    LADDER = auto()
    """A copy waits on the retry ladder; other messages go on. For the queues of units: the ladder ends there."""
    HOLD = auto()
    """The message stays with its handler, which is called again after a pause: for queues where nothing can go on
    while a server is away. What nobody foresaw goes back to the queue, whose delivery limit ends it."""
    NEVER = auto()
    """Broadcasts and hints: handled once, whatever comes out."""


class Consume(Entrypoint):
    """Calls a method with each `Delivery` of a queue; it returns to acknowledge, or raises (see the settle table).

    Args:
        queue: name of an existing queue.
        prefetch: how many messages may be in work at once; a callable is asked when the service starts.
        retry: how a message is tried again.
    """

    def __init__(
        self, queue: str, prefetch: int | Callable[[], int] = 1, *, retry: Retry = Retry.LADDER, **options: Any
    ) -> None:
        # Expected: settled and logged here, so that nameko need not log them with a traceback each.
        super().__init__(expected_exceptions=(MeshError,), **options)
        self.queue = queue
        self._prefetch = prefetch
        self._retry = retry
        self._inflight = InFlight()
        self._link: Link | None = None
        self._stopping = threading.Event()
        self._ended = False
        self._idle = Event()
        self._reader: Any = None

    def setup(self) -> None:
        """Note that this queue has no consumer yet (nameko life cycle)."""
        self._session.attached[self.queue] = False
        for outcome in deadly_outcomes():
            # Told from the start: of a figure that begins with one, Prometheus does not know that it was none before.
            metrics.DELIVERIES.labels(self.queue, outcome, Action.DEAD)

    def start(self) -> None:
        """Begin to consume (nameko life cycle)."""
        self._reader = self.container.spawn_managed_thread(self._consume_forever)

    def stop(self) -> None:
        """Drain: no new messages, the handlers finish and settle, then the connection closes (nameko life cycle)."""
        self._stopping.set()
        link = self._link
        if link is not None:
            try:
                link.cancel()
            except LOST:
                _log.warning("connection lost while stopping", queue=self.queue)
        if self._inflight:
            _log.info("draining", queue=self.queue, messages=len(self._inflight))
            self._idle.wait()
        self._ended = True
        self._reader.wait()

    def kill(self) -> None:
        """Drop everything; the broker delivers what is unsettled to others (nameko life cycle)."""
        self._stopping.set()
        if self._reader is not None:
            self._reader.kill()
        self._detach()

    @property
    def _session(self) -> Session:
        return session()

    def _open(self) -> Link:
        """Connect; returns a link that does not deliver yet."""
        return Link(self._session.settings, f"{self._session.account} {self.queue}", self.queue)

    def _consume_forever(self) -> None:
        pause = _RECONNECT_FIRST
        while not self._stopping.is_set():
            try:
                self._link = self._open()
                prefetch = self._prefetch() if callable(self._prefetch) else self._prefetch
                self._link.subscribe(prefetch, self._on_message)
                self._session.attached[self.queue] = True
                _log.info("consuming", queue=self.queue, prefetch=prefetch)
                pause = _RECONNECT_FIRST
                if self._stopping.is_set():
                    # Told to stop while connecting: `stop` could not cancel what was not there yet.
                    self._link.cancel()
                self._link.pump(lambda: self._ended)
            except (BrokerUnavailable, *LOST) as error:
                self._session.lost[self.queue] = describe(error)
                _log.warning("connection lost", queue=self.queue, error=describe(error))
                metrics.RECONNECTS.labels(self.queue).inc()
            self._detach()
            self._stopping.wait(pause)
            pause = min(2 * pause, _RECONNECT_LONGEST)

    def _detach(self) -> None:
        link, self._link = self._link, None
        self._session.attached[self.queue] = False
        if link is not None:
            self._inflight.lose(link)
            link.discard()

    def _on_message(self, message: Any) -> None:
        link = self._link
        delivery = read_delivery(message)
        tag = Tag(link, message.delivery_info["delivery_tag"])
        if self._stopping.is_set():
            self._settle_tags([tag], None)
            return
        match self._inflight.arrive(delivery, tag):
            case Arrival.START:
                metrics.IN_FLIGHT.labels(self.queue).inc()
                self._spawn(delivery, held=0)
            case Arrival.JOINED:
                metrics.REATTACHED.labels(self.queue).inc()
                _log.info("redelivery joins the running handler", queue=self.queue, message_id=delivery.message_id)
            case Arrival.ENDED:
                metrics.REATTACHED.labels(self.queue).inc()
                self._settle_tags([tag], self._inflight.ended_with(delivery))

    def _spawn(self, delivery: Delivery, held: int) -> None:
        began = time.monotonic()

        def handle_result(_context: Any, result: Any, exc_info: Any) -> tuple[Any, Any]:
            metrics.HANDLER_SECONDS.labels(self.queue).observe(time.monotonic() - began, tracing.exemplar())
            self._settle(delivery, exc_info[1] if exc_info else None, held)
            return result, exc_info

        self.container.spawn_worker(self, (delivery,), {}, handle_result=handle_result)

    def _settle(self, delivery: Delivery, error: BaseException | None, held: int) -> None:
        decision = decide(error, delivery.attempt)
        if error is not None:
            self._log_failure(delivery, decision, error)
            told = {"outcome": decision.outcome.value, "attempt": delivery.attempt, "error": describe(error)}
            tracing.happened(_EVENTS[decision.action], delay=decision.delay or "", **told)
            tracing.failed(error)
        if decision.action is not Action.RETRY or self._retry is Retry.NEVER:
            action = Action.ACK if self._retry is Retry.NEVER else decision.action
            self._finish(delivery, decision, action)
        elif self._retry is Retry.LADDER:
            self._finish(delivery, decision, self._climb(delivery, decision))
        elif decision.outcome is Outcome.UNEXPECTED:
            self._stopping.wait(_REQUEUE_SECONDS)
            self._finish(delivery, decision, None)
        else:
            self._hold(delivery, decision, held)

    def _climb(self, delivery: Delivery, decision: Decision) -> Action | None:
        """Publish the retry copy; None if that fails, so that the broker delivers the original again."""
        try:
            self._session.publisher.publish_many([retry_copy(delivery, decision)])
        except BrokerUnavailable as error:
            _log.error("cannot publish the retry copy", queue=self.queue, error=describe(error))
            self._stopping.wait(_REQUEUE_SECONDS)
            return None
        return Action.ACK

    def _hold(self, delivery: Delivery, decision: Decision, held: int) -> None:
        """Keep the message and call its handler again after a pause; give it back when the service stops."""
        metrics.DELIVERIES.labels(self.queue, decision.outcome, "hold").inc()
        if self._stopping.wait(min(_HOLD_FIRST * 2**held, _HOLD_LONGEST)):
            self._finish(delivery, decision, None)
        else:
            self._spawn(delivery, held + 1)

    def _finish(self, delivery: Delivery, decision: Decision, action: Action | None) -> None:
        tags = self._inflight.finish(delivery, action, self._link)
        self._settle_tags(tags, action)
        metrics.IN_FLIGHT.labels(self.queue).dec()
        done = decision.action if action is not None else "requeue"
        metrics.DELIVERIES.labels(self.queue, decision.outcome, done).inc()
        if self._stopping.is_set() and not self._inflight and not self._idle.ready():
            self._idle.send()

    def _settle_tags(self, tags: Any, action: Action | None) -> None:
        for tag in tags:
            link: Link = tag.link
            try:
                match action:
                    case None:
                        link.requeue(tag.number)
                    case Action.DEAD:
                        link.reject(tag.number)
                    case _:
                        link.ack(tag.number)
            except LOST as error:
                # The broker delivers it again; `InFlight` remembers how it ended.
                _log.warning("settled on a lost connection", queue=self.queue, error=describe(error))

    def _log_failure(self, delivery: Delivery, decision: Decision, error: BaseException) -> None:
        say = _log.error if decision.outcome in (Outcome.UNEXPECTED, Outcome.UNDECODABLE) else _log.warning
        say(
            "handler failed",
            queue=self.queue,
            message_id=delivery.message_id,
            attempt=delivery.attempt,
            outcome=decision.outcome,
            action=decision.action,
            delay=decision.delay,
            error=describe(error),
        )


def consume(
    queue: str, prefetch: int | Callable[[], int] = 1, *, retry: Retry = Retry.LADDER
) -> Callable[[Handler], Handler]:
    """Make a method the handler of a queue; see `Consume`."""
    decorate: Callable[[Handler], Handler] = Consume.decorator(queue, prefetch, retry=retry)
    return decorate
