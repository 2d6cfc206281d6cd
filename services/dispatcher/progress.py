"""Takes a run from stage to stage: rows, units of what is ready, and the outcome when nothing is left.

Whoever holds the claim on a run does this, and nobody else; everything here may be repeated, because a claimant can
die at any point and the next one starts where the records stand.
"""

from collections.abc import Callable, Mapping, Sequence

import structlog

from mesh import tracing
from mesh.clock import utc_now
from mesh.contracts import Analysis, Failure, RunResult
from mesh.contracts.result import ROWS_A_PAGE
from mesh.errors import BadInput, InvalidRequest, NotFound, TransientFailure, UnitFailure
from mesh.instrument import Instrument
from mesh.instruments import instrument
from mesh.service import native
from mesh.states import FailureKind, JobState, UnitState, job_is_final
from mesh.store.announcements import Announcements
from mesh.store.ends import Ends
from mesh.store.parts import Parts
from mesh.store.products import ProductEntry, Products
from mesh.store.requests import Requests
from mesh.store.runs import Run, Runs
from services.dispatcher import metrics
from services.dispatcher.claimed import Claimed, ClaimedRuns
from services.dispatcher.events import Notifier
from services.dispatcher.outcome import ended_early, outcome, tally_rows
from services.dispatcher.packing import Packing
from services.dispatcher.plan import Made, made_by, parameters_of, rows_of, shared_inputs, steps_of, units_of
from services.dispatcher.windows import Windows, WindowSource

_log = structlog.get_logger(__name__)
# Windows are needed again only by later stages that read the archive, and ten thousand take some 10 MB.
_REMEMBERED = 100_000


class Progress:
    """Takes runs on.

    Args:
        runs: their records.
        requests: their documents.
        ends: documents of the ends of their jobs.
        products: what was made.
        announcements: what the instruments announced.
        parts: large parts of units.
        windows: the archive.
        notifier: told of every change.
        stop: stops units that nobody waits for any more.
        native: where to do what takes long without a pause.
        claims: those of this process.
    """

    def __init__(
        self,
        *,
        runs: Runs,
        requests: Requests,
        ends: Ends,
        products: Products,
        announcements: Announcements,
        parts: Parts,
        windows: WindowSource,
        notifier: Notifier,
        stop: Callable[[Run, Sequence[str]], None],
        native: native.Run,
        claims: ClaimedRuns,
    ) -> None:
        self._runs = runs
        self._requests = requests
        self._ends = ends
        self._products = products
        self._announcements = announcements
        self._parts = parts
        self._source = windows
        self._notifier = notifier
        self._stop = stop
        self._native = native
        self._claims = claims
        self._windows: dict[str, Windows] = {}

    def take_on(self, run_id: str, token: str | None = None) -> None:
        """Take a run as far as it goes now; does nothing while somebody else has the claim.

        Args:
            run_id: the run.
            token: of the claim, where this process has it already.
        """
        while token := token or self._claims.take(run_id):
            with self._claims.at_work(run_id, token) as claimed:
                stuck = not self._take_steps(run_id, claimed)
            # An event that came before the claim was given back could not take it: look again.
            token = None
            if stuck or not self._can_move(run_id):
                return

    def _can_move(self, run_id: str) -> bool:
        try:
            run = self._runs.get(run_id)
        except NotFound:
            return False
        return run.laid_out and not job_is_final(run.state) and (bool(_ready(run)) or _is_complete(run))

    def _take_steps(self, run_id: str, claimed: Claimed) -> bool:
        """Take all steps that can be taken now; false when something out of reach stopped it (the sweep goes on)."""
        try:
            run = self._runs.get(run_id)
        except NotFound:
            return False
        if job_is_final(run.state) or run.parked:
            return False
        if claimed.deadly:
            self._claims.park(run_id, claimed.deaths)
            self._notifier.changed(run_id, run.state)
            return False
        try:
            while not job_is_final(run.state) and not claimed.lost and self._step(run, claimed.token):
                run = self._runs.get(run_id)
                if not job_is_final(run.state):  # the end was told as it was written
                    self._runs.wait(run_id, "")
                    self._notifier.changed(run_id, run.state)
        except TransientFailure as error:
            _log.warning("run cannot go on yet", run_id=run_id, reason=error.reason, error=error.text)
            self._wait(run, error.text)
            return False
        except InvalidRequest as error:
            self._refuse(run, type(error).__name__, error.text)
        except UnitFailure as error:
            self._refuse(run, error.reason, error.text)
        except Exception as error:
            # The sweep tries again, and its other runs go on; whoever waits for this one is told.
            self._wait(run, f"the dispatcher failed ({type(error).__name__}); the operator finds why in its log")
            raise
        return True

    def _wait(self, run: Run, why: str) -> None:
        self._runs.wait(run.run_id, f"{'cannot go on' if run.laid_out else 'not planned'} yet: {why}")
        self._notifier.changed(run.run_id, run.state)

    def _step(self, run: Run, token: str) -> bool:
        """Take the next step of a run; false when it must wait for units."""
        if _is_complete(run):
            self._finish(run)
            return True
        used = instrument(run.instrument)
        outdated = run.laid_out and self._is_outdated(run, used)
        ready = [] if outdated else _ready(run)
        if run.laid_out and not outdated and not ready:
            return False
        analysis = self._requests.analysis(run.request_key)
        if analysis.key != run.request_key:
            # A field that this version left out when it read the request would change what is asked for.
            text = "it asks for something that only a newer dispatcher knows; update the dispatchers first"
            raise TransientFailure("NewerRequest", text)
        if outdated:
            self._begin_anew(run, used, analysis)
            return True
        if not run.laid_out:
            with tracing.step("lay out", **{"odamesh.run_id": run.run_id}):
                self._lay_out(run, used, analysis)
            return True
        for stage in ready:
            with tracing.step(f"plan {stage}", **{"odamesh.run_id": run.run_id}):
                self._enqueue(run, used, analysis, stage, token)
        self._runs.set_queued(run.run_id)
        return True

    def _enqueue(self, run: Run, used: Instrument, analysis: Analysis, stage: str, token: str) -> None:
        declared = used.stages[stage]
        labels = self._runs.labels(run.run_id, stage, UnitState.WAITING)
        windows = Windows({})
        if declared.of_epochs:
            windows = self._source.listed(used, labels) if declared.archive else windows
        elif declared.archive or not declared.needs:
            windows = self._find_windows(run, used, analysis)
        made = self._made(run.run_id, declared.needs) if declared.needs else {}
        chosen = [label for need, of in made.items() if used.stages[need].scope == "epoch_scw" for label in of]
        near = self._source.near(used, labels, chosen) if declared.scope == "scw" else {}
        files = (
            *self._source.files(used.given_files(analysis.parameters, stage)),
            *self._source.beside(used.files_beside(analysis.parameters, stage, window=False)),
        )
        own = self._source.beside_windows(
            used.files_beside(analysis.parameters, stage, window=True),
            [name for name in labels if name in windows.inputs],
        )
        units = units_of(
            stage,
            instrument=used,
            analysis=analysis,
            run=run,
            labels=labels,
            windows=windows,
            made=made,
            files=files,
            own=own,
            near=near,
        )
        if declared.scope == "job":  # one unit with everything: no bundle ends in between
            units = iter(self._native(list, units))
        packing = Packing(
            self._parts,
            self._native,
            parameters_of(stage, used, analysis),
            shared_inputs(stage, used, analysis, files),
        )
        backlogged = self._runs.enqueue(run.run_id, stage, packing.messages(units), utc_now(), token)
        _log.info("stage planned", run_id=run.run_id, stage=stage, rows=len(labels), backlogged=backlogged)

    def _made(self, run_id: str, stages: Sequence[str]) -> Made:
        pages = self._runs.row_pages(run_id, ROWS_A_PAGE)
        return made_by(row for page in pages for row in page if row.stage in stages)

    def _lay_out(self, run: Run, used: Instrument, analysis: Analysis) -> None:
        self._find_given(run, used, analysis)
        windows = self._find_windows(run, used, analysis)
        announced = self._announcements.announced(run.instrument)
        if announced is None:
            text = f"no {run.instrument} service has announced itself yet; is it running?"
            raise TransientFailure("NoService", text)
        steps = steps_of(used, analysis)
        epochs: Mapping[str, Sequence[str]] = {}
        if any(used.stages[stage].of_epochs for stage in steps):
            epochs = self._source.epochs(used, list(windows.inputs))
            if not epochs:  # the archive has too few windows of them: the run goes without
                steps = {stage: of for stage, of in steps.items() if not used.stages[stage].of_epochs}
        rows = rows_of(used, analysis, windows, epochs)
        written = self._runs.lay_out(run.run_id, rows, announced.image, announced.calibration, steps)
        _log.info("run laid out", run_id=run.run_id, rows=written, rejected=len(windows.rejected))

    def _find_given(self, run: Run, used: Instrument, analysis: Analysis) -> None:
        """Make sure that the products, uploads and files that the caller names are there, before any row is.

        The products stay until the run is over.

        Raises:
            BadInput: one is not there.
            ArchiveUnavailable: there is no archive, or it does not answer.
        """
        for name, keys in used.given_products(analysis.parameters).items():
            self._runs.hold(run.run_id, keys)  # before the look: what is found stays
            for key in keys:
                if self._products.find(key) is None:
                    text = f"parameters.{name}: there is no product {key}; run the job that makes it again"
                    raise BadInput("NoSuchProduct", text)
            self._products.used(keys)
        for name, digests in used.given_uploads(analysis.parameters).items():
            for digest in digests:
                if not self._products.uploads.there(digest):
                    text = f"parameters.{name}: no file {digest} was uploaded; upload it and ask again"
                    raise BadInput("NoSuchUpload", text)
        for stage in steps_of(used, analysis):
            self._source.files(used.given_files(analysis.parameters, stage))

    def _is_outdated(self, run: Run, used: Instrument) -> bool:
        """Say whether the instrument was updated under a run, so that nobody can make the rest of it any more.

        While no worker lives, one with the image of the run may still come back; in a roll-out there are both.
        """
        if not set(run.steps) <= set(used.stages):
            return True
        announced = self._announcements.announced(run.instrument)
        return announced is not None and bool(announced.run) and (run.image, run.calibration) not in announced.run

    def _begin_anew(self, run: Run, used: Instrument, analysis: Analysis) -> None:
        """Take a run back to before it was laid out: all its stages use one image, so what it has made counts no more.

        The products stay in the store, for whoever runs that image again.
        """
        for keys in self._runs.unplan(run.run_id, steps_of(used, analysis), utc_now()):
            self._stop(run, keys)
        self._windows.pop(run.run_id, None)
        self._runs.note(run.run_id, f"begun anew: {run.instrument} was updated while this job ran")
        self._notifier.changed(run.run_id, run.state)
        _log.info("run begins anew with another image", run_id=run.run_id, planned_for=run.image)

    def _find_windows(self, run: Run, used: Instrument, analysis: Analysis) -> Windows:
        if not used.takes_windows(analysis.product):
            return Windows({})
        windows = self._windows.get(run.run_id)
        if windows is None:
            windows = self._source.find(used, analysis.selection)
            self._remember(run.run_id, windows)
        return windows

    def _remember(self, run_id: str, windows: Windows) -> None:
        self._windows[run_id] = windows
        while len(self._windows) > 1 and sum(map(len, self._windows.values())) > _REMEMBERED:
            del self._windows[next(iter(self._windows))]

    def _finish(self, run: Run) -> None:
        used = instrument(run.instrument)
        helping = [stage for stage in run.steps if used.stages[stage].of_epochs]
        tally = tally_rows(self._runs, self._requests, run.run_id, helping)
        shown = {row.key for row in tally.shown(tally.result_stages(used, run.steps))}
        entries = self._products.find_many(sorted(shown))
        for key in shown - set(entries):
            manifest = self._products.find(key)
            if manifest is not None:
                entries[key] = ProductEntry.of(manifest)
        self._end(run, outcome(run, tally, used, entries, utc_now()), tally.failed)

    def _refuse(self, run: Run, reason: str, text: str) -> None:
        """End a run that cannot go on; what is laid out of it ends with it, so that no row waits for ever."""
        failure = Failure(kind=FailureKind.USAGE, reason=reason, text=text)
        for keys in self._runs.drop_rows(run.run_id, utc_now()):
            self._stop(run, keys)
        tally = tally_rows(self._runs, self._requests, run.run_id)
        self._end(run, ended_early(run, tally, JobState.ERROR, failure, utc_now()), tally.failed)

    def _end(self, run: Run, result: RunResult, failed: int) -> None:
        """Write the outcome: the document first, so that the record never says more than the truth."""
        self._requests.put_result(result)
        self._runs.finish(result)
        self._windows.pop(run.run_id, None)
        self._notifier.changed(run.run_id, result.state)
        metrics.count_end(run, result.state, utc_now())
        _log.info("run ended", run_id=run.run_id, state=result.state, rows=result.total, failed=failed)
        self._ends.write()


def _is_complete(run: Run) -> bool:
    return run.laid_out and run.complete == frozenset(run.steps)


def _ready(run: Run) -> list[str]:
    """Return the stages that are not planned and whose needs, as far as they are part of the run, are complete."""
    used, complete = instrument(run.instrument), run.complete
    needs = {stage: set(used.stages[stage].needs) & set(run.steps) for stage in run.steps}
    return [stage for stage in run.steps if stage not in run.planned and needs[stage] <= complete]
