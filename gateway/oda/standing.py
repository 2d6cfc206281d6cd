"""Where a job of the protocol stands: the analysis first, then what is made of it: a fit, and the conversion."""

import json
from dataclasses import dataclass
from functools import cached_property

from gateway.oda.arguments import Arguments
from gateway.oda.refusals import Forbidden, Misunderstood, Refusal
from gateway.oda.wishes import Asked, read
from mesh.contracts import Analysis, JobView
from mesh.errors import Deleted
from mesh.instruments import instrument
from mesh.intake import Caller, Intake, Trace, Wish
from mesh.intake.errors import Refused, WishRefused
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
        after: the jobs that were asked for then, in their order; of one that is done the last is the conversion.
        reason: why it failed.
    """

    job: JobView
    word: str
    after: tuple[JobView, ...] = ()
    reason: str = ""

    @property
    def is_over(self) -> bool:
        """Whether it stays so."""
        return self.word in {"done", "failed"}

    @property
    def watched(self) -> str:
        """Id of the run whose changes matter now, or of the job while it has none."""
        current = self.after[-1] if self.after else self.job
        return current.run_id or current.job_id


@dataclass(frozen=True)
class Errand:
    """One caller's wish, seen through to its end: the analysis, then what is made of it.

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

    @cached_property
    def analysis(self) -> Analysis:
        """What is asked for first, every default filled in.

        Raises:
            mesh.intake.errors.Refused: it cannot be had.
        """
        return self.intake.check(self.asked.wish, self.caller)

    @cached_property
    def request_key(self) -> str:
        """Key of what is asked for first; raises as `analysis`."""
        return self.analysis.key

    def check_same(self, job: JobView) -> None:
        """Return if a job is that of this errand: a client that sends other parameters would take one for the other.

        An update that changes a default changes the key of what is asked for; a job from before it stays what it was
        for whoever asked for it.

        Raises:
            Forbidden: it was asked for with other parameters.
        """
        if self.request_key not in {job.request_key, self._key_today(job)}:
            msg = (
                f"job {job.job_id} was asked for with other parameters: send those again with it, or begin a job with "
                "these by query_status=new"
            )
            raise Forbidden(msg)

    def _key_today(self, job: JobView) -> str | None:
        """Return the key that what a job was asked for would have now; None: it would be refused, or is not kept."""
        sent = self.intake.asked(job.job_id, self.caller)
        if job.face != FACE or not isinstance(sent, dict):
            return None
        try:
            return self.intake.check(read(Arguments.of_kept(sent)).wish, self.caller).key
        except (Refusal, Refused):
            return None

    def submit(self, sent: object) -> Standing:
        """Have the analysis done; equal arguments of one caller are one job, until it failed or lost its products.

        Args:
            sent: parameters as the caller sent them.

        Raises:
            mesh.intake.errors.Refused: it is not done.
            Misunderstood: it failed too often.
        """
        wish = self.asked.wish
        for attempt in range(_MOST_ATTEMPTS):
            key = f"{FACE}:{self.request_key}:{self._suffix}{attempt}"
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
        """Tell where a job stands; what comes after is asked for as soon as what is before has completed.

        Raises:
            mesh.intake.errors.Refused: what comes after is not done now.
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
        after: tuple[JobView, ...] = ()
        wishes = [self.asked.export] if self.asked.fit is None else [self.asked.fit_of, self.asked.export]
        for wish in wishes:
            after = (*after, self._following(wish((after[-1] if after else job).job_id)))
            if after[-1].state in _OVER:
                return Standing(job, "failed", after, _reason(after[-1]))
            if not job_is_final(after[-1].state):
                return Standing(job, "progress", after)
        return Standing(job, "done", after)

    @property
    def _suffix(self) -> str:
        """What tells an analysis whose spectra are to be fitted from the same without: other arguments, another job."""
        return "" if self.asked.fit is None else f"{json.dumps(self.asked.fit, sort_keys=True)}:"

    def _following(self, wish: Wish) -> JobView:
        """Return the job that makes something of what another made; one that was deleted, or lost that, is done again.

        Another version of the instrument is asked for anew, also where the earlier one failed.
        """
        told = json.dumps(wish.parameters, sort_keys=True)
        for attempt in range(_MOST_ATTEMPTS):
            key = f"{FACE}:{wish.instrument}:{instrument(wish.instrument).calibration}:{told}:{attempt}"
            try:
                job = self.intake.submit(wish, self.caller, key=key, trace=self.trace, face=FACE)
            except Deleted:
                continue
            if job.state is not JobState.COMPLETED or self._is_there(job):
                return job
        msg = f"{wish.product} was made a hundred times and never kept; tell the operator"
        raise Misunderstood(msg)

    def _is_there(self, job: JobView) -> bool:
        found = self.intake.result(job, 0, 1)
        return bool(found) and self.products.read(found[0].key) is not None


def on_its_way(job: JobView) -> Standing | None:
    """Return where a job stands whose analysis has not ended; None: it has."""
    if job_is_final(job.state):
        return None
    return Standing(job, "progress" if job.state is JobState.EXECUTING else "submitted")


def _reason(job: JobView) -> str:
    if job.state is JobState.ABORTED:
        return job.end_reason or "the job was cancelled"
    if job.failure is not None:
        return job.failure.text
    return job.warnings[0] if job.warnings else "the job failed"
