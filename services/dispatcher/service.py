"""Entry points of the dispatcher: messages and timers in, one call each."""

from typing import Any

from mesh.broker.consumer import Retry, consume
from mesh.broker.dead_letters import DeadLetters
from mesh.broker.delivery import Delivery
from mesh.broker.topology import AGAIN_KEY, FAN_IN_QUEUE, REQUESTS_QUEUE
from mesh.contracts import CancelJob, DeleteJob, Job, SendAgain, UnitEvent
from mesh.errors import MeshError
from mesh.service.context import Context
from mesh.service.provide import Provided
from mesh.service.timer import after, every
from services.dispatcher.again import LettersAgain
from services.dispatcher.claimed import KEEP_SECONDS
from services.dispatcher.dispatcher import Dispatcher
from services.dispatcher.sweep import SWEEP_SECONDS

_TOLD_AFTER_SECONDS = 0.1
"""Callers are told of changes ten times a second at most, each time of all."""
_RESUME_SECONDS = 1.0
_EXPIRY_SECONDS = 3600.0


def _make(context: Context) -> Dispatcher:
    later = after(_TOLD_AFTER_SECONDS)
    return Dispatcher.connect(context.connections, context.settings, context.publisher, context.worker, later)


class DispatcherService:
    """The dispatcher as a service; handlers hold their messages while a server is away, so that nothing is lost."""

    name = "dispatcher"

    dispatcher: Any = Provided(_make)
    letters: Any = Provided(lambda context: LettersAgain(lambda: DeadLetters(context.connections.broker)))

    @consume(REQUESTS_QUEUE, prefetch=8, retry=Retry.HOLD)
    def request(self, delivery: Delivery) -> None:
        """Plan a submitted job, cancel or delete one, or send a dead letter again."""
        if delivery.routing_key.startswith("cancel."):
            self.dispatcher.cancelled(CancelJob.decode(delivery.body).job_id)
        elif delivery.routing_key.startswith("delete."):
            self.dispatcher.deleted(DeleteJob.decode(delivery.body).job_id)
        elif delivery.routing_key == AGAIN_KEY:
            self.letters.send(SendAgain.decode(delivery.body))
        else:
            self.dispatcher.submitted(Job.decode(delivery.body))

    @consume(FAN_IN_QUEUE, prefetch=64, retry=Retry.HOLD)
    def event(self, delivery: Delivery) -> None:
        """Take in what a worker tells; what dispatchers tell on the same exchange is for the gateways."""
        if delivery.routing_key.startswith("unit."):
            self.dispatcher.happened(UnitEvent.decode(delivery.body))

    @every(_RESUME_SECONDS, expected=(MeshError,))
    def resume(self) -> None:
        """Go on where a queue was full."""
        self.dispatcher.resume()

    @every(KEEP_SECONDS, expected=(MeshError,))
    def keep_claims(self) -> None:
        """Keep the claims on runs, however long a step takes."""
        self.dispatcher.keep_claims()

    @every(SWEEP_SECONDS, eager=True, expected=(MeshError,))
    def sweep(self) -> None:
        """Set right what was lost on the way."""
        self.dispatcher.sweep()

    @every(_EXPIRY_SECONDS, eager=True, expected=(MeshError,))
    def expire(self) -> None:
        """Delete jobs that ended long ago."""
        self.dispatcher.expire()
