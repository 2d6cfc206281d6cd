"""All drills there are, in the order in which they are run and shown."""

from tests.chaos import (
    broker,
    cancel,
    clock,
    containers,
    random_faults,
    real_analysis,
    services,
    small_disk,
    stores,
    two_faults,
    two_processes,
    updates,
)

DRILLS = (
    *services.DRILLS,
    *real_analysis.DRILLS,
    *broker.DRILLS,
    *stores.DRILLS,
    *containers.DRILLS,
    *two_processes.DRILLS,
    *two_faults.DRILLS,
    *random_faults.DRILLS,
    *updates.DRILLS,
    *small_disk.DRILLS,
    *clock.DRILLS,
    *cancel.DRILLS,
)
