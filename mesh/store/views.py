"""Builds what a caller sees of a job: from the records in Redis, or from the documents when those are gone."""

import json
from collections.abc import Mapping

from mesh import tracing
from mesh.contracts import Analysis, Failure, Job, JobEnd, JobView, Lane, RunResult, StageProduct
from mesh.contracts.about import about
from mesh.errors import InstrumentUnavailable, InvalidRequest
from mesh.instruments import instrument
from mesh.states import JobState, UnitState, job_is_final


def job_fields(analysis: Analysis, job: Job) -> dict[str, str]:
    """Return the record of a job, as its hash in Redis holds it."""
    return {
        "job_id": job.job_id,
        "request_key": job.request_key,
        "instrument": analysis.instrument,
        "product": analysis.product,
        "about": about(analysis),
        "user": job.user,
        "lane": job.lane.value,
        "submitted": job.submitted,
        "windows": str(len(analysis.selection.scws or ())),
        "owner": job.owner,
        "face": job.face,
        "labels": json.dumps(job.labels),
        "draft": "1" if job.draft else "",
        "destroy_after": job.destroy_after or "",
        "shared": "1" if job.shared else "",
        "execution_s": str(job.execution_s),
    }


def view_of_records(job: Mapping[str, str], run: Mapping[str, str], counts: Mapping[str, str]) -> JobView:
    """Return the view of a job from its hash, the hash of its run (empty until planned) and the run's counters.

    A job that was cancelled stays ABORTED whatever becomes of the run that others share.
    """
    steps = _steps(job["instrument"], job["product"], run.get("steps"))
    stages = {stage: dict.fromkeys(UnitState, 0) for stage in steps}
    for name, count in counts.items():
        stage, _, state = name.rpartition("/")
        stages.setdefault(stage, dict.fromkeys(UnitState, 0))[UnitState(state)] = int(count)
    total = {state: sum(stage[state] for stage in stages.values()) for state in UnitState}
    state = JobState(job.get("state") or run.get("state") or JobState.PENDING)
    note = (run["note"],) if run.get("note") else ()
    return JobView(
        job_id=job["job_id"],
        run_id=job.get("run_id") or None,
        request_key=job["request_key"],
        instrument=job["instrument"],
        product=job["product"],
        about=job.get("about", ""),
        user=job["user"],
        lane=Lane(job["lane"]),
        owner=job.get("owner", ""),
        face=job.get("face", ""),
        labels=tuple(json.loads(job.get("labels") or "[]")),
        draft=bool(job.get("draft")),
        destroy_after=job.get("destroy_after") or None,
        shared=bool(job.get("shared")),
        execution_s=int(job.get("execution_s") or 0),
        state=state,
        partial=state is JobState.COMPLETED and bool(run.get("partial")),
        waits="" if job_is_final(state) else run.get("waits", ""),
        submitted=job["submitted"],
        started=run.get("started") or None,
        finished=job.get("finished") or run.get("finished") or None,
        total=sum(total.values()),
        counts=total,
        stages=stages,
        steps=steps,
        warnings=(*note, *json.loads(run.get("warnings") or "[]")),
        warnings_total=len(note) + int(run.get("warnings_total") or 0),
        failure=Failure.read_json(run["failure"]) if run.get("failure") else None,
        end_reason=job.get("end_reason", ""),
        products=tuple(StageProduct.read(entry) for entry in json.loads(run.get("products") or "[]")),
        products_total=int(run.get("products_total") or 0),
        trace_id=tracing.trace_id(run.get("traceparent", "")),
    )


def view_of_documents(analysis: Analysis, job: Job, end: JobEnd | None, result: RunResult | None) -> JobView:
    """Return the view of a job from its documents.

    A job that has not ended shows as PENDING: the dispatcher finds it and takes it up again.
    """
    steps = _steps(analysis.instrument, analysis.product, None)
    if result:
        steps = {stage: result.steps.get(stage, ()) for stage in result.order or result.steps}
    counted = result.counts if result else {}
    stages = {stage: dict.fromkeys(UnitState, 0) | counted.get(stage, {}) for stage in steps}
    return JobView(
        job_id=job.job_id,
        run_id=end.run_id if end else None,
        request_key=job.request_key,
        instrument=analysis.instrument,
        product=analysis.product,
        about=about(analysis),
        user=job.user,
        lane=job.lane,
        owner=job.owner,
        face=job.face,
        labels=job.labels,
        draft=job.draft,
        destroy_after=job.destroy_after,
        shared=job.shared,
        execution_s=job.execution_s,
        state=end.state if end else JobState.PENDING,
        partial=bool(result and end and end.state is JobState.COMPLETED and result.partial),
        submitted=job.submitted,
        started=result.started if result else None,
        finished=end.finished if end else None,
        total=result.total if result else 0,
        counts={state: sum(stage[state] for stage in stages.values()) for state in UnitState},
        stages=stages,
        steps=steps,
        warnings=result.warnings if result else (),
        warnings_total=result.warnings_total if result else 0,
        failure=result.failure if result else None,
        end_reason=end.reason if end else "",
        products=result.products if result else (),
        products_total=result.products_total if result else 0,
    )


def _steps(name: str, product: str, kept: str | None) -> dict[str, tuple[str, ...]]:
    if kept:
        return {stage: tuple(steps) for stage, steps in json.loads(kept).items()}
    try:
        declared = instrument(name)
        return {stage: declared.stages[stage].steps for stage in declared.product(product).stages}
    except (InvalidRequest, InstrumentUnavailable):
        # An instrument or product that this mesh does not have any more: old jobs must still be shown.
        return {}
