"""The jobs of one product: which they are, and how UWS shows them."""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import islice
from typing import Annotated

from fastapi import Depends, Request
from vo_models.uws.types import ExecutionPhase

from gateway.known_requests import KnownRequests
from gateway.uws.documents import JobInfo, Result, UwsJob
from gateway.uws.phases import phase_of
from gateway.uws.quote import quote_of
from gateway.uws.wishes import written
from gateway.vo import PREFIX, votable
from mesh.contracts import JobView, ProductFile, StageProduct
from mesh.errors import InvalidRequest, NotFound
from mesh.instrument import Instrument
from mesh.instruments import instruments
from mesh.intake import Caller, Intake
from mesh.intake.caller import is_anonymous, owner_of
from mesh.parameters import shown
from mesh.states import JobState, UnitState

MAIN_RESULT = "result"
"""Id of the result that clients take first: the table of links."""
_LONG_TEXT = 20_000
"""A parameter that is longer is told by its address."""
_PAGE = 100
_MOST_SCANNED = 10_000
_SHOWN_WARNINGS = 20


@dataclass(frozen=True)
class Family:
    """The jobs of one product.

    Args:
        instrument: that makes it.
        product: its name.
        root: address of the gateway.
    """

    instrument: Instrument
    product: str
    root: str

    @property
    def address(self) -> str:
        """Where its services are."""
        return f"{self.root}{PREFIX}/{self.instrument.name}/{self.product}"

    @property
    def list_address(self) -> str:
        """Where its jobs are."""
        return f"{self.address}/async"

    def job_address(self, job_id: str) -> str:
        """Return where a job is."""
        return f"{self.list_address}/{job_id}"

    def look(self, intake: Intake, job_id: str, caller: Caller) -> JobView:
        """Return a job of this family.

        Raises:
            NotFound: there is none that the caller may see, or it is of another family: says of which.
        """
        view = intake.look(job_id, caller)
        if (view.instrument, view.product) != (self.instrument.name, self.product):
            msg = f"Job {job_id} is one of {PREFIX}/{view.instrument}/{view.product}/async."
            raise NotFound(msg)
        return view

    def jobs(
        self,
        intake: Intake,
        caller: Caller,
        *,
        phases: frozenset[ExecutionPhase],
        after: datetime | None,
        last: int | None,
    ) -> Iterator[JobView]:
        """Yield the jobs of the caller in this family, newest first.

        Args:
            intake: knows the jobs.
            caller: whose.
            phases: only jobs in one of these; empty: in any.
            after: only jobs that were made after it.
            last: at most so many; None: all.
        """
        return islice(self._listed(intake, caller, phases, after), last)

    def _listed(
        self, intake: Intake, caller: Caller, phases: frozenset[ExecutionPhase], after: datetime | None
    ) -> Iterator[JobView]:
        before: str | None = None
        for _ in range(_MOST_SCANNED // _PAGE):
            page = intake.jobs(caller, limit=_PAGE, before=before)
            for view in page:
                if after is not None and read_instant(view.submitted) <= after:
                    return
                if (view.instrument, view.product) != (self.instrument.name, self.product):
                    continue
                if not phases or phase_of(view) in phases:
                    yield view
            if len(page) < _PAGE:
                return
            before = page[-1].job_id

    def brief(self, view: JobView) -> UwsJob:
        """Return a job as a list shows it."""
        return UwsJob(
            job_id=view.job_id,
            address=self.job_address(view.job_id),
            phase=phase_of(view),
            created=read_instant(view.submitted),
            run_id=view.labels[0] if view.labels else None,
            owner=None if is_anonymous(owner_of(view)) else owner_of(view),
        )

    def shown(self, view: JobView, requests: KnownRequests) -> UwsJob:
        """Return a job with all that UWS tells of it."""
        brief = self.brief(view)
        parameters, long = [], set()
        for name, text in written(requests(view.request_key), self.instrument.parameters):
            if len(text) > _LONG_TEXT:
                long.add(name)
            parameters.append((name, self._request_address(view) if len(text) > _LONG_TEXT else text))
        failure = view.failure
        return UwsJob(
            job_id=view.job_id,
            address=brief.address,
            phase=brief.phase,
            created=brief.created,
            run_id=brief.run_id,
            owner=brief.owner,
            quote=quote_of(view, datetime.now(UTC)),
            started=_maybe(view.started),
            ended=_maybe(view.finished),
            duration_s=view.execution_s,
            destruction=_maybe(view.destroy_after),
            parameters=parameters,
            by_reference=frozenset(long),
            results=tuple(self._results(view)),
            error=error_of(view),
            transient=failure is not None and failure.kind == "transient",
            info=self._info(view),
        )

    def file_address(self, view: JobView, product: StageProduct, file: ProductFile) -> str:
        """Return where a file of a result is."""
        return f"{self.root}/api/v1/jobs/{view.job_id}/products/{product.stage}/{product.label}/{file.name}"

    def _results(self, view: JobView) -> Iterator[Result]:
        if view.state is JobState.COMPLETED:
            address = f"{self.job_address(view.job_id)}/results/{MAIN_RESULT}"
            yield Result(MAIN_RESULT, address, votable.DATALINK_TYPE)
        for product in view.products:
            for file in product.files:
                name = f"{product.stage}-{product.label}-{file.name}"
                yield Result(name, self.file_address(view, product, file), file.media_type, file.size)

    def _info(self, view: JobView) -> JobInfo:
        count = {state: view.counts.get(state, 0) for state in UnitState}
        return JobInfo(
            total=view.total,
            queued=count[UnitState.WAITING] + count[UnitState.QUEUED],
            running=count[UnitState.RUNNING],
            cached=count[UnitState.CACHED],
            done=count[UnitState.DONE],
            failed=count[UnitState.FAILED],
            partial=view.partial,
            waits=view.waits or None,
            warning=list(view.warnings[:_SHOWN_WARNINGS]),
            job=f"{self.root}/api/v1/jobs/{view.job_id}",
            request=self._request_address(view),
        )

    def _request_address(self, view: JobView) -> str:
        return f"{self.root}/api/v1/requests/{view.request_key}"


def error_of(view: JobView) -> str:
    """Return why a job gave nothing; an empty text for one that did, or goes on."""
    if view.state is JobState.ABORTED:
        return view.end_reason or "The job was cancelled."
    if view.state is not JobState.ERROR:
        return ""
    return f"{view.failure.reason}: {view.failure.text}" if view.failure else "The job failed."


def families(root: str) -> list[Family]:
    """Return every family of this mesh."""
    return [Family(one, product, root) for one in instruments().values() for product in one.products]


def read_instant(text: str) -> datetime:
    """Return an instant of the mesh's own documents."""
    return datetime.fromisoformat(text).astimezone(UTC)


def _maybe(text: str | None) -> datetime | None:
    return None if text is None else read_instant(text)


def root_of(request: Request) -> str:
    """Return the address of the gateway as the caller knows it."""
    return str(request.base_url).rstrip("/")


async def _family(request: Request, instrument: str, product: str) -> Family:
    known = instruments()
    try:
        if instrument in known:
            known[instrument].product(product)
            return Family(known[instrument], product, root_of(request))
    except InvalidRequest:
        pass
    msg = f"There are no jobs {shown(f'{instrument}/{product}')}; {PREFIX}/INSTRUMENT/PRODUCT is one of: " + ", ".join(
        f"{family.instrument.name}/{family.product}" for family in families("")
    )
    raise NotFound(msg)


Chosen = Annotated[Family, Depends(_family)]
"""An endpoint's parameter of this type holds the family that its address names."""
