"""Makes the service of one instrument from its `instrument.toml`; an instrument adds no code of its own."""

from collections.abc import Callable

from mesh.broker.broadcast import listen
from mesh.broker.consumer import consume
from mesh.broker.delivery import Delivery
from mesh.broker.topology import cancel_key, follow_key, unit_queue
from mesh.contracts.request import Lane
from mesh.instrument import Instrument
from mesh.service.context import context
from mesh.service.open_worker import open_worker
from mesh.service.provide import Provided
from mesh.service.slots import lane_prefetch
from mesh.service.timer import every
from mesh.service.worker import Worker

_REAP_SECONDS = 60


def instrument_service(instrument: Instrument) -> type:
    """Return the nameko service class of an instrument."""

    def prefetch(lane: Lane) -> Callable[[], int]:
        return lambda: lane_prefetch(slots_of(instrument))[lane]

    def queue(lane: Lane) -> str:
        return unit_queue(instrument.name, lane)

    class InstrumentService:
        """Runs the units of one instrument."""

        name = instrument.name
        worker: Worker = Provided(lambda given: open_worker(given, instrument, slots_of(instrument)))

        @consume(queue(Lane.ALERT), prefetch(Lane.ALERT))
        def alert(self, delivery: Delivery) -> None:
            """Run a unit of the alert lane."""
            self.worker.run(delivery)

        @consume(queue(Lane.USER), prefetch(Lane.USER))
        def user(self, delivery: Delivery) -> None:
            """Run a unit of the user lane."""
            self.worker.run(delivery)

        @consume(queue(Lane.BATCH), prefetch(Lane.BATCH))
        def batch(self, delivery: Delivery) -> None:
            """Run a unit of the batch lane."""
            self.worker.run(delivery)

        @listen(cancel_key(instrument.name), follow_key(instrument.name))
        def control(self, delivery: Delivery) -> None:
            """Stop units that nobody waits for; send the logs that somebody reads."""
            self.worker.obey(delivery)

        @every(_REAP_SECONDS, eager=True)
        def reap(self) -> None:
            """Clear up after workers that died."""
            self.worker.reap()

    return InstrumentService


def slots_of(instrument: Instrument) -> int:
    """Return how many units this process runs at once."""
    return context().settings.slots or instrument.limits.slots
