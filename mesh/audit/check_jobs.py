"""Jobs: each one that was accepted has ended once, or is on its way to its end."""

from collections.abc import Iterator

from mesh.audit.documents import Documents
from mesh.audit.finding import Finding, Kind
from mesh.audit.records import Records
from mesh.contracts import JobEnd
from mesh.states import JobState, job_is_final

_GRACE_SECONDS = 60.0
"""A job may be stored and not yet be in the index for so long: until the second sweep."""


def check_jobs(documents: Documents, records: Records, patience: float) -> Iterator[Finding]:
    """Compare jobs with their ends and records.

    Args:
        documents: from the store.
        records: from the index.
        patience: seconds after which work that does not move counts as stuck.
    """
    for job_id, job in documents.jobs.items():
        about = f"job {job_id}"
        if job.request_key not in documents.analyses:
            yield Finding(kind=Kind.LOST, about=about, text=f"its request {job.request_key} is not in the store")
        end = documents.ends.get(job_id)
        if job.draft and not end:
            continue  # It waits for nobody but its owner.
        found = _ended(end, documents, records) if end else _under_way(job_id, documents, records, patience)
        if found is not None:
            kind, text = found
            yield Finding(kind=kind, about=about, text=text)
    for job_id in documents.ends.keys() - documents.jobs.keys():
        if documents.ends[job_id].deleted:
            continue
        yield Finding(kind=Kind.ORPHANED, about=f"job {job_id}", text="it has an end, but the job is not in the store")
    yield from _shared(documents, records)


def _ended(end: JobEnd, documents: Documents, records: Records) -> tuple[Kind, str] | None:
    serving = [run for run, record in records.active.items() if end.job_id in record.jobs]
    if serving:
        return Kind.DOUBLED, f"it ended as {end.state.value}, and run {serving[0]} still works for it"
    known = records.jobs.get(end.job_id, {})
    shown = known.get("state") or records.run_states.get(known.get("run_id", ""))
    if shown is not None and shown != end.state.value:
        return Kind.CONTRADICTORY, f"it ended as {end.state.value}, and its record says {shown}"
    if end.state is JobState.ABORTED:
        return None
    if end.run_id is None or end.run_id not in documents.runs:
        return Kind.LOST, f"it ended as {end.state.value}, but the outcome of run {end.run_id} is not in the store"
    result, job = documents.runs[end.run_id], documents.jobs[end.job_id]
    if result.state is not end.state:
        return Kind.CONTRADICTORY, f"it ended as {end.state.value}, and its run {end.run_id} as {result.state.value}"
    if result.request_key != job.request_key:
        return Kind.CONTRADICTORY, f"it asked for {job.request_key}, and run {end.run_id} made {result.request_key}"
    return None


def _under_way(job_id: str, documents: Documents, records: Records, patience: float) -> tuple[Kind, str] | None:
    if job_id in records.ending:
        late = records.now - records.ending[job_id]
        return None if late < _GRACE_SECONDS else (Kind.LOST, f"it ended, and its end is not written for {late:.0f} s")
    age = records.now - documents.stored[job_id]
    record = records.jobs.get(job_id)
    if record is None:
        return None if age < _GRACE_SECONDS else (Kind.LOST, "it has no end, and the index does not know it")
    if record.get("state"):
        return Kind.LOST, f"its record says {record['state']}, but its end is not in the store"
    run_id = record.get("run_id")
    if not run_id:
        if job_id not in records.unplanned:
            return Kind.LOST, "no run serves it, and it does not wait to be taken up"
        return None if age < patience else (Kind.STUCK, f"no dispatcher has planned it for {age:.0f} s")
    state = records.run_states.get(run_id)
    if state is None:
        return Kind.LOST, f"the index does not know run {run_id}, which serves it"
    if job_is_final(JobState(state)):
        return Kind.LOST, f"its run {run_id} ended as {state}, but the end of the job is not in the store"
    if run_id not in records.active:
        return Kind.LOST, f"its run {run_id} is {state}, but not among those that are looked after"
    if job_id not in records.active[run_id].jobs:
        return Kind.LOST, f"its run {run_id} does not know that it works for it"
    return None


def _shared(documents: Documents, records: Records) -> Iterator[Finding]:
    """Find analyses that are being made twice, and runs that ended for nobody."""
    serving: dict[str, str] = {}
    for run, record in records.active.items():
        first = serving.setdefault(record.request_key, run)
        if first != run:
            text = f"run {first} and run {run} make it at the same time"
            yield Finding(kind=Kind.DOUBLED, about=f"request {record.request_key}", text=text)
    named = {end.run_id for end in documents.ends.values()}
    for run in documents.runs.keys() - named:
        yield Finding(kind=Kind.DOUBLED, about=f"run {run}", text="it has an outcome, but no job ended with it")
