"""What a caller sees, from records and from documents."""

from mesh.contracts import Analysis, Failure, Job, JobEnd, Lane, RunResult, Selection, UnitRow
from mesh.states import FailureKind, JobState, UnitState
from mesh.store.built_views import BuiltViews
from mesh.store.views import job_fields, view_of_documents, view_of_records

ANALYSIS = Analysis(
    instrument="isgri", product="isgri_image", selection=Selection(scws=("201600270010",)), parameters={}
)
JOB = Job(job_id="j1", request_key=ANALYSIS.key, user="ada", lane=Lane.BATCH, submitted="2026-11-22T12:00:00.000Z")
STEPS = {"image": ("events", "gti"), "mosaic": ("mosaic",)}


def test_before_it_is_planned_the_steps_are_those_of_the_instrument() -> None:
    view = view_of_records(job_fields(ANALYSIS, JOB), {}, {})

    assert view.about == "science window 201600270010"
    assert view_of_documents(ANALYSIS, JOB, None, None).about == view.about
    assert view.state is JobState.PENDING
    assert list(view.steps) == ["epoch_background", "epoch_map", "image", "mosaic"]
    assert view.total == 0


def test_counts_add_up_in_the_order_of_the_plan() -> None:
    run = {"state": "EXECUTING", "steps": '{"image": ["events"], "mosaic": []}', "started": "s"}
    counts = {"mosaic/waiting": "1", "image/done": "2", "image/failed": "1", "image/queued": "0"}

    view = view_of_records({**job_fields(ANALYSIS, JOB), "run_id": "r1"}, run, counts)

    assert list(view.stages) == ["image", "mosaic"]
    assert view.stages["image"][UnitState.DONE] == 2
    assert view.counts[UnitState.WAITING] == 1
    assert view.total == 4
    assert (view.run_id, view.started, view.lane) == ("r1", "s", Lane.BATCH)


def test_a_cancelled_job_stays_aborted_whatever_its_run_does() -> None:
    record = {**job_fields(ANALYSIS, JOB), "run_id": "r1", "state": "ABORTED", "finished": "f"}

    view = view_of_records(record, {"state": "COMPLETED", "finished": "later"}, {})

    assert (view.state, view.finished) == (JobState.ABORTED, "f")


def test_documents_tell_the_same_as_records() -> None:
    failure = Failure(kind=FailureKind.USAGE, reason="NoISGRIEvents", text="none")
    rows = (
        UnitRow(key="a", stage="image", label="w", state=UnitState.FAILED, failure=failure),
        UnitRow(key="", stage="mosaic", label="job", state=UnitState.FAILED, failure=failure),
    )
    result = RunResult(
        run_id="r1",
        request_key=ANALYSIS.key,
        state=JobState.ERROR,
        started="s",
        finished="f",
        steps=STEPS,
        order=("image", "mosaic"),
        rows=rows,
        total=2,
        counts={stage: {UnitState.FAILED: 1} for stage in STEPS},
        warnings=("w: NoISGRIEvents: none",),
        warnings_total=1,
        failure=failure,
    )
    end = JobEnd(job_id="j1", run_id="r1", state=JobState.ERROR, finished="f")
    run = {
        "state": "ERROR",
        "started": "s",
        "finished": "f",
        "steps": '{"image": ["events", "gti"], "mosaic": ["mosaic"]}',
        "warnings": '["w: NoISGRIEvents: none"]',
        "warnings_total": "1",
        "failure": failure.model_dump_json(),
        "products": "[]",
    }
    record = {**job_fields(ANALYSIS, JOB), "run_id": "r1"}

    assert view_of_documents(ANALYSIS, JOB, end, result) == view_of_records(
        record, run, {"image/failed": "1", "mosaic/failed": "1"}
    )


def test_an_instrument_that_is_gone_leaves_its_jobs_readable() -> None:
    old = ANALYSIS.model_copy(update={"instrument": "omc"})
    assert view_of_records(job_fields(old, JOB), {}, {}).steps == {}


def test_a_stored_outcome_keeps_the_order_of_the_plan() -> None:
    rows = tuple(UnitRow(key="", stage=stage, label="x", state=UnitState.CANCELLED) for stage in ("window", "merge"))
    stored = RunResult(
        run_id="r1",
        request_key=ANALYSIS.key,
        state=JobState.ABORTED,
        started=None,
        finished="f",
        steps={"window": ("begin",), "merge": ("merge",)},
        order=("window", "merge"),
        rows=rows,
    )
    end = JobEnd(job_id="j1", run_id="r1", state=JobState.ABORTED, finished="f")

    view = view_of_documents(ANALYSIS, JOB, end, RunResult.decode(stored.encode()))

    assert list(view.steps) == list(view.stages) == ["window", "merge"]


def test_a_view_is_built_again_only_when_a_record_has_changed() -> None:
    built = BuiltViews()
    record = {**job_fields(ANALYSIS, JOB), "run_id": "r1"}
    run, counts = {"state": "EXECUTING", "steps": '{"image": ["events"]}'}, {"image/queued": "2"}

    first = built.of(record, run, counts)

    assert built.of(dict(record), dict(run), dict(counts)) is first
    assert built.waiting(first, "") is first
    told = built.waiting(first, "no service is running")
    assert told.waits == "no service is running"
    assert built.waiting(built.of(record, run, counts), "no service is running") is told
    assert built.waiting(first, "another reason").waits == "another reason"
    for changed in (
        ({**record, "shared": "1"}, run, counts),
        (record, {**run, "state": "COMPLETED"}, counts),
        (record, run, {"image/queued": "1", "image/done": "1"}),
    ):
        assert built.of(*changed) == view_of_records(*changed) != first
