"""The sweep: every few seconds, one dispatcher looks for whatever was lost on the way and sets it right.

It is what makes crashes, lost events, a flushed Redis and a broker that was away harmless; in quiet times it finds
nothing.
"""

from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

import structlog

from mesh.clock import utc_now
from mesh.errors import BrokerUnavailable, MeshError, TransientFailure
from mesh.states import UnitState
from mesh.store.backlog import Backlog, Silent
from mesh.store.claims import Claims
from mesh.store.ends import Ends
from mesh.store.jobs import Jobs
from mesh.store.leases import Leases
from mesh.store.marks import Marks
from mesh.store.products import Products
from mesh.store.row_change import RowChange
from mesh.store.runs import Runs
from services.dispatcher import metrics
from services.dispatcher.admission import Admission
from services.dispatcher.events import FanIn
from services.dispatcher.progress import Progress
from services.dispatcher.rebuild import Rebuild
from services.dispatcher.time_limits import TimeLimits

_log = structlog.get_logger(__name__)

SWEEP_SECONDS = 10.0
_NEW_SECONDS = 30.0
_SILENT_AT_ONCE = 500
_STILL_SECONDS = 3600.0
_REBUILDS = 5
_PATIENCE = 3
"""So many times a server may be out of reach before a sweep gives up: each time costs a timeout."""
_Item = TypeVar("_Item")


class Sweep:
    """One sweep after another.

    Args:
        marks: whose turn it is.
        jobs: jobs whose message was lost.
        runs: runs that stand still.
        claims: and those that are parked.
        backlog: units that nothing was heard of.
        products: whether they were made after all.
        leases: whether they are in work.
        ends: of jobs, whose documents may be missing.
        fan_in: takes what was made.
        progress: takes runs on.
        admission: publishes again.
        rebuild: after a loss of Redis.
        take_up: plans a job.
        time_limits: ends jobs that have executed for as long as they may.
        follow_allowances: gives the operator's weights and budgets to the release of units.
    """

    def __init__(
        self,
        *,
        marks: Marks,
        jobs: Jobs,
        runs: Runs,
        claims: Claims,
        backlog: Backlog,
        products: Products,
        leases: Leases,
        ends: Ends,
        fan_in: FanIn,
        progress: Progress,
        admission: Admission,
        rebuild: Rebuild,
        take_up: Callable[[str], None],
        time_limits: TimeLimits,
        follow_allowances: Callable[[], None],
    ) -> None:
        self._marks = marks
        self._jobs = jobs
        self._runs = runs
        self._claims = claims
        self._backlog = backlog
        self._products = products
        self._leases = leases
        self._ends = ends
        self._fan_in = fan_in
        self._progress = progress
        self._admission = admission
        self._rebuild = rebuild
        self._take_up = take_up
        self._time_limits = time_limits
        self._follow_allowances = follow_allowances
        self._transient = 0

    def sweep(self) -> bool:
        """Look once, unless another dispatcher did so just now; says whether it looked.

        One damaged run, job, unit or document keeps nobody else from being looked after.

        Raises:
            TransientFailure: a server is out of reach; the next sweep looks again.
        """
        if not self._marks.take_turn(SWEEP_SECONDS * 0.9):
            return False
        self._transient = 0
        self._each("end", [""], lambda _: self._ends.write())  # first: a rebuild goes by the documents
        self._rebuild_lost()
        self._each("allowances", [""], lambda _: self._follow_allowances())
        self._each("job", self._jobs.new(_NEW_SECONDS), self._take_up)
        metrics.UNPLANNED.set(len(self._jobs.new(_NEW_SECONDS)))
        self._each("time limit", self._time_limits.jobs(), self._time_limits.look)
        active = sorted(self._runs.active())
        self._each("run", active, self._progress.take_on)
        self._each("figures", [""], lambda _: self._tell(active))
        self._each("unit", self._backlog.silent(_SILENT_AT_ONCE), self._look_after)
        metrics.SWEPT.set_to_current_time()
        return True

    def _tell(self, active: Sequence[str]) -> None:
        """Tell Prometheus of the runs that are not final."""
        metrics.ACTIVE.set(len(active))
        for lane, seconds in self._runs.oldest(active).items():
            metrics.OLDEST.labels(lane.value).set(seconds)
        metrics.PARKED.set(len(self._claims.parked()))
        metrics.STILL.set(len(self._runs.still(active, _STILL_SECONDS)))

    def _rebuild_lost(self) -> None:
        """Rebuild the records when Redis lost them, and again when it lost them meanwhile."""
        generation = self._marks.server_generation()
        for _ in range(_REBUILDS):
            if self._marks.generation() == generation:
                return
            begun = self._marks.begin_rebuild()
            self._products.doubt_index()
            self._rebuild.rebuild()
            if self._marks.end_rebuild(begun, generation):
                return
            _log.warning("records were lost again while they were rebuilt")

    def _each(self, kind: str, items: Iterable[_Item], look_after: Callable[[_Item], None]) -> None:
        """Look after each item, whatever becomes of the others; a server that is away ends the sweep soon."""
        for item in items:
            try:
                look_after(item)
            except Exception as error:
                metrics.SWEEP_FAILURES.labels(kind).inc()
                if isinstance(error, MeshError):
                    _log.error("sweep cannot look after it", kind=kind, item=_name(item), error=str(error))
                else:
                    _log.error("sweep cannot look after it", kind=kind, item=_name(item), exc_info=True)
                if isinstance(error, TransientFailure):
                    self._transient += 1
                    if self._transient >= _PATIENCE:
                        raise

    def _look_after(self, unit: Silent) -> None:
        """Find out about a released unit that nothing was heard of: in work, made, or lost on the way."""
        holder = self._leases.holder(unit.key)
        if holder is not None and self._leases.owner_alive(holder):
            self._backlog.watch(unit.key, unit.tries)
            metrics.SILENT.labels("in work").inc()
            return
        manifest = self._products.find(unit.key)
        if manifest is not None:
            self._fan_in.apply(
                RowChange(
                    key=unit.key,
                    stage=manifest.stage,
                    label=manifest.label,
                    state=UnitState.CACHED,
                    at=utc_now(),
                    worker=manifest.resources.worker,
                )
            )
            metrics.SILENT.labels("made").inc()
            return
        try:
            self._admission.publish_again(unit)
        except BrokerUnavailable as error:
            _log.warning("unit not published again", unit_key=unit.key, error=str(error))
            return
        self._backlog.watch(unit.key, unit.tries + 1)
        metrics.SILENT.labels("published again").inc()
        _log.info("unit published again", unit_key=unit.key, tries=unit.tries + 1)


def _name(item: object) -> str:
    return item.key if isinstance(item, Silent) else str(item)
