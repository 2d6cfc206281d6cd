"""Where a job of the protocol stands: the analysis first, then the conversion of what it made."""

from dataclasses import dataclass

from gateway.oda.refusals import Misunderstood
from gateway.oda.wishes import EXPORT, Asked
from mesh.contracts import JobView
from mesh.errors import Deleted
from mesh.instruments import instrument
from mesh.intake import Caller, Intake, Trace
from mesh.intake.errors import WishRefused
from mesh.intake.records import ProductManifests
from mesh.states import JobState, job_is_final

FACE = "oda"
_MOST_ATTEMPTS = 100
_OVER = frozenset({JobState.ERROR, JobState.ABORTED})


@dataclass(frozen=True)
class Standing:
    """Where a job stands.

    Args:
        job: the analysis, by whose id the caller knows it.
        word: ``submitted``, ``progress``, ``done`` or ``failed``.
        export: the conversion, once it was asked for.
        reason: why it failed.
    """

    job: JobView
    word: str
    export: JobView | None = None
    reason: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it stays so."""
        return self.word in {"done", "failed"}

    @property
    def watched(self) -> str:
        """Id of the run whose changes matter now, or of the job while it has none."""
        current = self.export or self.job
        return current.run_id or current.job_id


@dataclass(frozen=True)
class Errand:
    """One caller's wish, seen through to its end: the analysis, then the conversion of what it made.

    Args:
        intake: the way into the mesh.
        products: tells which are still in the store.
        asked: what is wanted.
        caller: by whom.
        trace: goes along with what is set off.
    """

    intake: Intake
    products: ProductManifests
    asked: Asked
    caller: Caller
    trace: Trace

    def submit(self, sent: object) -> Standing:
        """Have the analysis done; equal arguments of one caller are one job, until it failed or lost its products.

        Args:
            sent: parameters as the caller sent them.

        Raises:
            mesh.intake.errors.Refused: it is not done.
            Misunderstood: it failed too often.
        """
        wish = self.asked.wish
        analysis = self.intake.check(wish, self.caller)
        for attempt in range(_MOST_ATTEMPTS):
            key = f"{FACE}:{analysis.key}:{attempt}"
            try:
                job = self.intake.submit(wish, self.caller, key=key, trace=self.trace, face=FACE, asked=sent)
            except Deleted:
                continue
            if job.state in _OVER:
                continue
            try:
                return self._standing(job)
            except WishRefused:
                continue  # What it made was removed from the store.
        msg = (
            "the same was asked for a hundred times and never came to an end; change a parameter, or tell the operator"
        )
        raise Misunderstood(msg)

    def tell(self, job: JobView) -> Standing:
        """Tell where a job stands; the conversion is asked for as soon as the analysis has completed.

        Raises:
            mesh.intake.errors.Refused: the conversion is not done now.
        """
        try:
            return self._standing(job)
        except WishRefused as error:
            return Standing(job, "failed", reason=f"its products are not there any more ({error}): ask for it again")

    def _standing(self, job: JobView) -> Standing:
        if (standing := on_its_way(job)) is not None:
            return standing
        if job.state in _OVER:
            return Standing(job, "failed", reason=_reason(job))
        export = self._export(job)
        if export.state in _OVER:
            return Standing(job, "failed", export, _reason(export))
        return Standing(job, "done" if job_is_final(export.state) else "progress", export)

    def _export(self, job: JobView) -> JobView:
        """Return the conversion of what a job made; one that was deleted, or lost its product, is made again."""
        wish = self.asked.export(job.job_id)
        # Another version of the conversion is asked for anew, also where the earlier one failed.
        version = instrument(EXPORT).calibration
        for attempt in range(_MOST_ATTEMPTS):
            key = f"{FACE}:{job.job_id}:{self.asked.threshold}:{version}:{attempt}"
            try:
                export = self.intake.submit(wish, self.caller, key=key, trace=self.trace, face=FACE)
            except Deleted:
                continue
            if export.state is not JobState.COMPLETED or self._is_there(export):
                return export
        msg = "the products were converted a hundred times and never kept; tell the operator"
        raise Misunderstood(msg)

    def _is_there(self, export: JobView) -> bool:
        found = self.intake.result(export, 0, 1)
        return bool(found) and self.products.read(found[0].key) is not None


def on_its_way(job: JobView) -> Standing | None:
    """Return where a job stands whose analysis has not ended; None: it has."""
    if job_is_final(job.state):
        return None
    return Standing(job, "progress" if job.state is JobState.EXECUTING else "submitted")


def _reason(job: JobView) -> str:
    if job.state is JobState.ABORTED:
        return "the job was cancelled"
    if job.failure is not None:
        return job.failure.text
    return job.warnings[0] if job.warnings else "the job failed"
