"""The dispatcher's parts put together, and what each message makes them do."""

import redis
import structlog
from structlog.contextvars import bound_contextvars

from mesh import tracing
from mesh.accounts.trail import forget_trail
from mesh.broker.publisher import Publisher
from mesh.clock import utc_now
from mesh.contracts import Job, UnitEvent
from mesh.errors import ContractViolation, Deleted, InstrumentUnavailable, InvalidRequest, NotFound
from mesh.instruments import instrument, instruments
from mesh.service import native
from mesh.settings import MOST_WINDOWS, Connections, Settings
from mesh.states import JobState
from mesh.store.allowances import index_allowances, read_allowances
from mesh.store.announcements import Announcements
from mesh.store.backlog import Backlog
from mesh.store.claims import Claims
from mesh.store.connect import redis_client
from mesh.store.deletion import Deletion
from mesh.store.ends import Ends
from mesh.store.jobs import Jobs
from mesh.store.leases import Leases
from mesh.store.library import Library
from mesh.store.marks import Marks
from mesh.store.objects import Objects
from mesh.store.parts import Parts
from mesh.store.products import Products
from mesh.store.requests import Requests
from mesh.store.runs import Runs
from services.dispatcher.admission import Admission
from services.dispatcher.cancel import Canceller
from services.dispatcher.claimed import ClaimedRuns
from services.dispatcher.events import FanIn, Later, Notifier
from services.dispatcher.expiry import Expiry
from services.dispatcher.plan import steps_of
from services.dispatcher.progress import Progress
from services.dispatcher.rebuild import Rebuild
from services.dispatcher.sweep import Sweep
from services.dispatcher.time_limits import TimeLimits
from services.dispatcher.windows import WindowSource

_log = structlog.get_logger(__name__)


class Dispatcher:
    """Handles requests, events and the passing of time. Several may run at once.

    Args:
        objects: the store of documents.
        index: the Redis database.
        publisher: to the broker.
        archive: address of the archive; empty for none.
        claimant: name of this process.
        job_days: how long jobs stay after their end; 0: for ever.
        max_windows: science windows or slices that one request may have.
        trail_days: how long the audit trail stays.
        native: where to do what takes long without a pause.
        later: calls something in a moment, so that what happens until then is told with it.
    """

    def __init__(
        self,
        *,
        objects: Objects,
        index: redis.Redis,
        publisher: Publisher,
        archive: str,
        claimant: str,
        job_days: float = 0,
        max_windows: int = MOST_WINDOWS,
        trail_days: int = 90,
        native: native.Run = native.directly,
        later: Later = lambda _tell: None,
    ) -> None:
        self._requests, self._jobs, self._runs = Requests(objects), Jobs(objects, index), Runs(index)
        products, backlog, announcements = Products(objects, index), Backlog(index), Announcements(index)
        self._library = Library(index)
        ends = Ends(self._requests, index)
        self._deletion = Deletion(objects, index)
        self._expiry = Expiry(
            requests=self._requests,
            runs=self._runs,
            deletion=self._deletion,
            jobs=self._jobs,
            destroy=self.deleted,
            days=job_days,
            forget_trail=lambda: forget_trail(objects, trail_days),
        )
        self._notifier = Notifier(publisher, later)
        self._canceller = Canceller(
            runs=self._runs, requests=self._requests, ends=ends, publisher=publisher, notifier=self._notifier
        )
        claims = Claims(index)
        self._claimed = ClaimedRuns(claims, claimant)
        self._progress = Progress(
            runs=self._runs,
            requests=self._requests,
            ends=ends,
            products=products,
            announcements=announcements,
            parts=Parts(objects),
            windows=WindowSource(archive, max_windows, native),
            notifier=self._notifier,
            stop=self._canceller.stop,
            native=native,
            claims=self._claimed,
        )
        self._fan_in = FanIn(
            runs=self._runs, claims=self._claimed, take_on=self._progress.take_on, notifier=self._notifier
        )
        self._admission = Admission(
            backlog=backlog,
            announcements=announcements,
            publisher=publisher,
            traces=self._runs.traces,
            token=self._claimed.token,
            moved=self._fan_in.moved,
        )
        self._rebuild = Rebuild(jobs=self._jobs, runs=self._runs, requests=self._requests, take_up=self._take_up)
        self._sweep = Sweep(
            marks=Marks(index),
            jobs=self._jobs,
            runs=self._runs,
            claims=claims,
            backlog=backlog,
            products=products,
            leases=Leases(index),
            ends=ends,
            fan_in=self._fan_in,
            progress=self._progress,
            admission=self._admission,
            rebuild=self._rebuild,
            take_up=self._take_up,
            time_limits=TimeLimits(self._jobs, self.cancelled),
            follow_allowances=lambda: index_allowances(index, read_allowances(objects)),
        )

    @classmethod
    def connect(
        cls, connections: Connections, settings: Settings, publisher: Publisher, claimant: str, later: Later
    ) -> "Dispatcher":
        """Make the dispatcher of a green process; it connects to its servers when it first needs them."""
        return cls(
            objects=Objects(connections.store),
            index=redis_client(connections.redis),
            publisher=publisher,
            archive=settings.archive_location,
            claimant=claimant,
            job_days=settings.job_days,
            max_windows=settings.max_windows,
            trail_days=settings.trail_days,
            native=native.in_native_thread,
            later=later,
        )

    def submitted(self, job: Job) -> None:
        """Plan a job, or let it join the run that serves the same analysis."""
        with bound_contextvars(job_id=job.job_id):
            try:
                self._plan(job)
            except NotFound as error:
                # The gateway stores the analysis before it publishes the job.
                raise ContractViolation(f"job {job.job_id}: {error}") from error

    def cancelled(self, job_id: str, reason: str = "") -> None:
        """Cancel a job; the reason says why where it is not its caller who wants it."""
        with bound_contextvars(job_id=job_id):
            name = self._canceller.cancel(job_id, reason)
            if name is not None:
                self._admission.release(name)

    def deleted(self, job_id: str) -> None:
        """End a job if it has not ended, and delete it."""
        with bound_contextvars(job_id=job_id):
            try:
                if not self._jobs.ended(job_id):
                    self.cancelled(job_id)
                if self._deletion.delete(job_id):
                    _log.info("job deleted")
            except NotFound:
                _log.info("no such job to delete")

    def expire(self) -> None:
        """Delete jobs that ended long ago, and take up those that the index has lost: once an hour is often enough."""
        self._expiry.look()
        self._rebuild.take_up_lost()

    def happened(self, event: UnitEvent) -> None:
        """Take in what a worker tells."""
        with bound_contextvars(unit_key=event.unit_key, run_id=event.run_id):
            if self._fan_in.event(event):
                self._admission.release(event.instrument)

    def resume(self) -> None:
        """Go on where a queue was full."""
        self._admission.resume()

    def keep_claims(self) -> None:
        """Keep the claims on the runs that are being taken on."""
        self._claimed.keep()

    def sweep(self) -> None:
        """Set right what was lost on the way."""
        self._library.load()  # for those too who may not load it
        if self._sweep.sweep():
            for name in instruments():
                self._admission.release(name)

    def _take_up(self, job_id: str) -> None:
        self.submitted(self._requests.job(job_id))

    def _plan(self, job: Job) -> None:
        analysis = self._requests.analysis(job.request_key)
        known, _ = self._jobs.indexed_run(job.job_id)
        if not known:
            if self._jobs.ended(job.job_id):
                return  # the message came late, and the index has lost the job since
            try:
                self._jobs.enter(analysis, job)
            except Deleted:
                return
        if job.draft:
            return
        try:
            steps = steps_of(instrument(analysis.instrument), analysis)
        except InstrumentUnavailable as error:
            _log.warning("job waits to be planned", error=error.text)  # the sweep looks for such jobs
            return
        except InvalidRequest:
            steps = {}  # said to the caller as the outcome of the run
        opened = self._runs.open(analysis, job, steps, utc_now())
        if opened is None:
            _log.info("job needs no run: it was cancelled, or its id belongs to another request")
            return
        run_id, is_new = opened
        _log.info("job planned" if is_new else "job joined a run", run_id=run_id)
        if not is_new:
            place = self._runs.traces([run_id])[run_id]
            tracing.happened("joined a run", **{"odamesh.run_id": run_id, "odamesh.trace_id": tracing.trace_id(place)})
        self._notifier.changed(run_id, JobState.PENDING)
        self._progress.take_on(run_id)
        self._admission.release(analysis.instrument)
