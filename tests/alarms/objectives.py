"""Causes that break an objective: runs that really start later than they should."""

import threading
import uuid
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from mesh.contracts import Lane
from odamesh import Job
from tests.alarms.cause import Cause, Part, Raised
from tests.alarms.processes import gone
from tests.chaos.ground import Ground
from tests.integration.mesh.windows import drill_windows

_ALERTS, _ALERT_S = 24, 12.0
"""Three at a time: all but the first three start later than 10 s, nine in ten later than a run of alerts may."""
_ALERTS_IN_TIME = 16
_USERS, _USERS_WAIT_S = 40, 310.0
_USERS_IN_TIME = 160
"""A hundred would do if all were counted: a dispatcher that is killed next takes its last seconds of figures along."""


@contextmanager
def alerts_start_late(ground: Ground) -> Iterator[None]:
    """Ask for eight times as much at once as the instrument has slots for alerts, later for what it can do."""
    jobs = [_submit(ground, Lane.ALERT, _ALERT_S) for _ in range(_ALERTS)]
    yield
    ground.until_ended(*jobs)
    _serve(ground, Lane.ALERT, _ALERTS_IN_TIME)


@contextmanager
def users_start_late(ground: Ground) -> Iterator[None]:
    """Have an instrument away for five minutes while users ask for it, and serve others in time afterwards."""
    with ExitStack() as away:
        away.enter_context(gone(ground, "noop"))
        jobs = [_submit(ground, Lane.USER, 0.0) for _ in range(_USERS)]
        # The alarm comes when they have run.
        back = threading.Timer(_USERS_WAIT_S, away.close)
        back.start()
        try:
            yield
        finally:
            back.cancel()
            back.join()
    ground.until_ended(*jobs)
    _serve(ground, Lane.USER, _USERS_IN_TIME)


def _serve(ground: Ground, lane: Lane, number: int) -> None:
    """Ask for one after another, so that each starts at once."""
    for _ in range(number):
        ground.until_ended(_submit(ground, lane, 0.0))


def _submit(ground: Ground, lane: Lane, seconds: float) -> Job:
    salt = uuid.uuid4().hex
    job: Job = ground.mesh.noop.noop_windows(
        scws=drill_windows(1), salt=salt, seconds=seconds, lane=lane.value, wait=False
    )
    return job


USERS = Cause(
    f"{_USERS} runs that waited for a service for five minutes",
    users_start_late,
    (Raised("UsersWait", 560, clear_s=600),),
    takes=frozenset({Part.SUPERVISOR, Part.SLOTS}),
    also=("ProcessDown", "LaneWithoutConsumer"),
)
ALERTS = Cause(
    f"{_ALERTS} alerts at once for three slots",
    alerts_start_late,
    (Raised("AlertLaneWaits", 120), Raised("AlertsWait", 300, clear_s=500)),
    takes=frozenset({Part.SLOTS}),
)
