"""Tells the gateways that the record of a run changed: at most about ten times a second and run."""

import structlog

from mesh.broker.publisher import Publisher
from mesh.broker.topology import EVENTS
from mesh.contracts import RunEvent
from mesh.errors import BrokerUnavailable
from mesh.states import JobState, job_is_final

_log = structlog.get_logger(__name__)


class Notifier:
    """Collects changes; `flush`, called by a timer, tells them. The end of a run is told at once.

    What is told is only that there is something to look at, so it may be lost: followers also look by themselves.
    """

    def __init__(self, publisher: Publisher) -> None:
        self._publisher = publisher
        self._changed: dict[str, JobState] = {}
        self._number = 0

    def changed(self, run_id: str, state: JobState) -> None:
        """Note that a run changed."""
        if job_is_final(state):
            self._changed.pop(run_id, None)
            self._tell(run_id, state)
        else:
            self._changed[run_id] = state

    def flush(self) -> None:
        """Tell what was noted."""
        changed, self._changed = self._changed, {}
        for run_id, state in changed.items():
            self._tell(run_id, state)

    def _tell(self, run_id: str, state: JobState) -> None:
        event = RunEvent(run_id=run_id, state=state)
        self._number += 1
        try:
            # Not mandatory: nobody listens while no gateway runs.
            self._publisher.publish(
                EVENTS,
                event.routing_key,
                event,
                message_id=f"{run_id}-{self._number}",
                correlation_id=run_id,
                mandatory=False,
            )
        except BrokerUnavailable as error:
            _log.warning("change of a run not told", run_id=run_id, state=state, error=str(error))
