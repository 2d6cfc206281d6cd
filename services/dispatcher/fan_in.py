"""Fan-in: what the workers tell, applied to every run that waits for it; the last of a stage takes the run on."""

from mesh.contracts import UnitEvent
from mesh.instrument import instrument
from mesh.states import UnitState, unit_is_final
from mesh.store.row_change import RowChange
from mesh.store.runs import Runs
from services.dispatcher.notify import Notifier
from services.dispatcher.progress import Progress

_WATCH_SECONDS = 60.0
# A unit on the retry ladder is silent for as long as the longest step of the ladder, 10 min.
_RETRY_WATCH_SECONDS = 720.0


class FanIn:
    """Applies changes of units.

    Args:
        runs: their records.
        progress: takes runs on whose stage is complete.
        notifier: told of every change.
        claimant: name of this process.
    """

    def __init__(self, *, runs: Runs, progress: Progress, notifier: Notifier, claimant: str) -> None:
        self._runs = runs
        self._progress = progress
        self._notifier = notifier
        self._claimant = claimant

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
        for moved in self._runs.apply(change, watch, self._claimant):
            self._notifier.changed(moved.run_id, moved.state)
            if moved.claimed:
                self._progress.take_on(moved.run_id, claimed=True)


def _last_step(event: UnitEvent) -> str | None:
    stage = instrument(event.instrument).stages.get(event.stage)
    return stage.steps[-1] if stage is not None and stage.steps else None
