"""All drills there are, in the order in which they are run and shown."""

from tests.chaos import broker, cancel, clock, containers, services, stores, updates

DRILLS = (
    *services.DRILLS,
    *broker.DRILLS,
    *stores.DRILLS,
    *containers.DRILLS,
    *updates.DRILLS,
    *clock.DRILLS,
    *cancel.DRILLS,
)
