"""What workers tell, applied to every run that waits for it, and what the gateways are told of that."""

from collections.abc import Callable, Sequence

import structlog

from mesh.broker.publisher import Publisher
from mesh.broker.topology import EVENTS
from mesh.contracts import RunEvent, UnitEvent
from mesh.errors import BrokerUnavailable
from mesh.instruments import instruments
from mesh.states import JobState, UnitState, job_is_final, unit_is_final
from mesh.store.row_change import RowChange
from mesh.store.runs import RunChange, Runs
from services.dispatcher.claimed import ClaimedRuns

_log = structlog.get_logger(__name__)

Later = Callable[[Callable[[], None]], object]
"""Calls something in a moment, in a green thread of its own."""
_WATCH_SECONDS = 60.0
# A unit on the retry ladder is silent for as long as the longest step of the ladder, 10 min.
_RETRY_WATCH_SECONDS = 720.0


class Notifier:
    """Collects changes for a moment, then `flush` tells them together. The end of a run is told at once.

    What is told is only that there is something to look at, so it may be lost: followers also look by themselves.

    Args:
        publisher: to the broker.
        later: calls something in a moment.
    """

    def __init__(self, publisher: Publisher, later: Later) -> None:
        self._publisher = publisher
        self._later = later
        self._waits = False
        self._changed: dict[str, JobState] = {}
        self._number = 0

    def changed(self, run_id: str, state: JobState) -> None:
        """Note that a run changed."""
        if job_is_final(state):
            self._changed.pop(run_id, None)
            self._tell(run_id, state)
            return
        self._changed[run_id] = state
        if not self._waits:
            self._waits = True
            self._later(self.flush)

    def flush(self) -> None:
        """Tell what was noted."""
        self._waits = False
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


class FanIn:
    """Applies changes of units.

    Args:
        runs: their records.
        claims: those of this process.
        take_on: takes on a run whose stage is complete, with the token of the claim on it.
        notifier: told of every change.
    """

    def __init__(
        self, *, runs: Runs, claims: ClaimedRuns, take_on: Callable[[str, str], None], notifier: Notifier
    ) -> None:
        self._runs = runs
        self._claims = claims
        self._take_on = take_on
        self._notifier = notifier

    def event(self, event: UnitEvent) -> bool:
        """Apply an event; says whether it may have made room for other units."""
        change = RowChange.of(event)
        if event.state is UnitState.DONE:
            # It has taken all its steps, however short the last ones were: those between two looks are not told.
            change = change.model_copy(update={"step": _last_step(event)})
        self.apply(change)
        return unit_is_final(event.state) or event.state is UnitState.QUEUED

    def apply(self, change: RowChange) -> None:
        """Apply a change of one unit to the runs that wait for it."""
        watch = _RETRY_WATCH_SECONDS if change.state is UnitState.QUEUED else _WATCH_SECONDS
        token = self._claims.token()
        self.moved(self._runs.apply(change, watch, token), token)

    def moved(self, changes: Sequence[RunChange], token: str) -> None:
        """Tell of runs that changed, and take those on whose stage is complete: they are claimed under a token."""
        claimed = [change.run_id for change in changes if change.claimed]
        for run_id in claimed:  # all of them now: taking on the first may take longer than a claim lasts
            self._claims.adopt(run_id, token)
        for change in changes:
            self._notifier.changed(change.run_id, change.state)
        for run_id in claimed:
            self._take_on(run_id, token)


def _last_step(event: UnitEvent) -> str | None:
    declared = instruments().get(event.instrument)
    stage = declared.stages.get(event.stage) if declared is not None else None
    return stage.steps[-1] if stage is not None and stage.steps else None
