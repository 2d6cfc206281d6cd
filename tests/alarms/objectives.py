"""Causes that break an objective: runs that really start later than they should."""

import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager

from mesh.contracts import Lane
from odamesh import Job
from tests.alarms.cause import Cause
from tests.alarms.processes import gone
from tests.chaos.ground import Ground
from tests.integration.mesh.windows import drill_windows

_ALERTS, _ALERT_S = 24, 12.0
"""Three at a time: all but the first three start later than 10 s, nine in ten later than a run of alerts may."""
_USERS, _USERS_WAIT_S = 40, 310.0


@contextmanager
def alerts_start_late(ground: Ground) -> Iterator[None]:
    """Ask in the lane of alerts for eight times as much at once as the instrument has slots, and have it all done."""
    jobs = [_submit(ground, Lane.ALERT, _ALERT_S) for _ in range(_ALERTS)]
    yield
    ground.until_ended(*jobs)


@contextmanager
def users_start_late(ground: Ground) -> Iterator[None]:
    """Have an instrument away for five minutes while users ask for it."""
    with gone(ground, "noop"):
        jobs = [_submit(ground, Lane.USER, 0.0) for _ in range(_USERS)]
        time.sleep(_USERS_WAIT_S)
    ground.until_ended(*jobs)
    yield


def _submit(ground: Ground, lane: Lane, seconds: float) -> Job:
    salt = uuid.uuid4().hex
    job: Job = ground.mesh.noop.noop_windows(
        scws=drill_windows(1), salt=salt, seconds=seconds, lane=lane.value, wait=False
    )
    return job


CAUSES = (
    Cause("AlertsWait", f"{_ALERTS} alerts at once for three slots", alerts_start_late, 300, clear_s=600),
    # It ends when half an hour has passed, or when enough runs started in time.
    Cause(
        "UsersWait", f"{_USERS} runs that waited for a service for five minutes", users_start_late, 500, clear_s=2_400
    ),
)
