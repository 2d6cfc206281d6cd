"""The XML of UWS 1.1: a job, its parameters and results, and lists of jobs."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from pydantic_xml import BaseXmlModel, element
from vo_models.uws import ErrorSummary, Jobs, JobSummary, Parameter, ResultReference, Results, ShortJobDescription
from vo_models.uws.models import NSMAP
from vo_models.uws.types import ErrorType, ExecutionPhase
from vo_models.voresource.types import UTCTimestamp

from mesh.errors import NotFound

MEDIA_TYPE = "application/xml"
_INFO = {"odamesh": "urn:odamesh:uws:1", **NSMAP}


class ParameterList(BaseXmlModel, tag="parameters", ns="uws", nsmap=NSMAP):
    """All parameters of a job; those of vo-models are declared one by one, ours come from the instrument files."""

    parameter: list[Parameter] = element(tag="parameter", ns="uws", default_factory=list)


class JobInfo(BaseXmlModel, tag="jobInfo", ns="uws", nsmap=_INFO, skip_empty=True):
    """What UWS has no element for."""

    total: int = element(tag="unitsTotal", ns="odamesh")
    queued: int = element(tag="unitsQueued", ns="odamesh")
    running: int = element(tag="unitsRunning", ns="odamesh")
    cached: int = element(tag="unitsCached", ns="odamesh")
    done: int = element(tag="unitsDone", ns="odamesh")
    failed: int = element(tag="unitsFailed", ns="odamesh")
    partial: bool = element(tag="partial", ns="odamesh")
    waits: str | None = element(tag="waitsFor", ns="odamesh", default=None)
    warning: list[str] = element(tag="warning", ns="odamesh", default_factory=list)
    job: str = element(tag="job", ns="odamesh")
    request: str = element(tag="request", ns="odamesh")


class JobDocument(JobSummary[ParameterList], tag="job"):
    """A job; its jobInfo is a set of elements, as the schema has it."""

    job_info: JobInfo | None = element(tag="jobInfo", default=None)  # type: ignore[assignment]


@dataclass(frozen=True)
class Result:
    """One result of a job."""

    name: str
    address: str
    media_type: str
    size: int | None = None


@dataclass(frozen=True)
class UwsJob:
    """A job as UWS shows it, whatever does its work."""

    job_id: str
    address: str
    """Where the job is."""
    phase: ExecutionPhase
    created: datetime
    run_id: str | None = None
    owner: str | None = None
    """None: nobody knows who made it."""
    quote: datetime | None = None
    started: datetime | None = None
    ended: datetime | None = None
    duration_s: int = 0
    """How long it may execute; 0: as long as it takes."""
    destruction: datetime | None = None
    parameters: Sequence[tuple[str, str]] = ()
    by_reference: frozenset[str] = frozenset()
    """Parameters whose text is the address of their value."""
    results: Sequence[Result] = ()
    error: str = ""
    transient: bool = False
    """Whether the same may succeed later."""
    info: JobInfo | None = field(default=None, compare=False)


def instant(value: datetime | None) -> str:
    """Return an instant as every document has it; an empty text for none."""
    return "" if value is None else str(UTCTimestamp.fromisoformat(value.isoformat()))


def word_of(job: UwsJob, part: str) -> str:
    """Return what UWS tells of a job in one word.

    Raises:
        NotFound: there is no such part of a job.
    """
    words = {
        "phase": job.phase.value,
        "quote": instant(job.quote),
        "executionduration": str(job.duration_s),
        "destruction": instant(job.destruction),
        "owner": job.owner or "",
    }
    if part not in words:
        msg = f"A job has no {part[:32]!r}; it has: {', '.join([*words, 'parameters', 'results', 'error'])}."
        raise NotFound(msg)
    return words[part]


def job_document(job: UwsJob) -> bytes:
    """Return the document of a job."""
    error = None
    if job.error:
        kind = ErrorType.TRANSIENT if job.transient else ErrorType.FATAL
        error = ErrorSummary(message=job.error, type=kind, has_detail=True)
    document = JobDocument(
        job_id=job.job_id,
        run_id=job.run_id,
        owner_id=job.owner,
        phase=job.phase,
        quote=job.quote,
        creation_time=job.created,
        start_time=job.started,
        end_time=job.ended,
        execution_duration=job.duration_s,
        destruction=job.destruction,
        parameters=_parameters(job),
        results=_results(job),
        error_summary=error,
        job_info=job.info,
    )
    return _written(document)


def parameters_document(job: UwsJob) -> bytes:
    """Return the parameters of a job."""
    return _written(_parameters(job))


def results_document(job: UwsJob) -> bytes:
    """Return the results of a job."""
    return _written(_results(job))


def job_list(jobs: Iterable[UwsJob]) -> bytes:
    """Return a list of jobs."""
    listed = [
        ShortJobDescription(
            job_id=job.job_id,
            phase=job.phase,
            run_id=job.run_id,
            owner_id=job.owner,
            creation_time=job.created,
            href=job.address,
        )
        for job in jobs
    ]
    return _written(Jobs(jobref=listed))


def _parameters(job: UwsJob) -> ParameterList:
    return ParameterList(
        parameter=[
            Parameter(id=name, value=value, by_reference=name in job.by_reference) for name, value in job.parameters
        ]
    )


def _results(job: UwsJob) -> Results:
    return Results(
        results=[
            ResultReference(
                id=result.name,
                href=result.address,
                size=result.size,
                mime_type=result.media_type,
            )
            for result in job.results
        ]
    )


def _written(document: BaseXmlModel) -> bytes:
    written = document.to_xml(encoding="UTF-8", xml_declaration=True, exclude_none=False)
    return written if isinstance(written, bytes) else written.encode()
