"""A run from the request to its outcome: plan, release, fan-in, merge, partial results, cache, shared runs."""

import pytest

from mesh.contracts import Analysis, Lane, ProductInput, Selection
from mesh.states import FailureKind, JobState, UnitState
from mesh.store.requests import Requests
from tests.integration.dispatcher.mesh_double import MeshDouble, usage
from tests.integration.store.corner import MakeJob

WINDOWS = ("201600270010", "201600280010")


def select(analysis: Analysis, *scws: str) -> Analysis:
    return analysis.model_copy(update={"selection": Selection(scws=scws)})


def test_a_run_goes_from_windows_over_merge_to_completed(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob
) -> None:
    view = mesh.submit(analysis, make_job())
    assert view.state is JobState.QUEUED
    assert view.counts[UnitState.QUEUED] == 2
    assert view.counts[UnitState.WAITING] == 1

    windows = mesh.released()
    assert [unit.label for unit in windows] == list(WINDOWS)
    mesh.execute(windows[0])
    assert mesh.jobs.view(view.job_id).state is JobState.EXECUTING
    assert not mesh.released(), "the merge waits for the other window"
    mesh.execute(windows[1])
    (merge,) = mesh.released()
    assert (merge.stage, merge.label) == ("merge", "job")
    assert [(entry.role, entry.label, entry.key) for entry in merge.inputs if isinstance(entry, ProductInput)] == [
        ("window", unit.label, unit.key) for unit in windows
    ]
    mesh.execute(merge)

    view = mesh.jobs.view(view.job_id)
    assert view.state is JobState.COMPLETED
    assert view.counts[UnitState.DONE] == view.total == 3
    assert not view.warnings
    assert [(product.stage, product.files[0].name) for product in view.products] == [("merge", "product.fits")]
    # Of the steps only the first was told; what is done has taken the last.
    assert [row.step for row in mesh.jobs.rows(view.job_id)] == ["work", "work", "merge"]
    assert view.started is not None
    assert view.finished is not None
    assert mesh.told()[-1] == (view.run_id, "COMPLETED")


def test_the_same_analysis_again_is_answered_from_the_cache(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob
) -> None:
    first = mesh.submit(analysis, make_job())
    mesh.warnings["job"] = ("the mosaic has a seam",)
    mesh.work()

    again = mesh.submit(analysis, make_job(user="bob"))

    assert not mesh.released()
    assert again.state is JobState.COMPLETED
    assert again.run_id != first.run_id
    assert again.counts[UnitState.CACHED] == 3
    assert {row.cached_from for row in mesh.jobs.rows(again.job_id)} == {first.run_id}
    assert again.products == mesh.jobs.view(first.job_id).products
    assert again.warnings == ("merge: the mosaic has a seam",)


def test_only_what_is_missing_is_made(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    mesh.submit(select(analysis, *WINDOWS), make_job())
    mesh.work()
    mesh.executed.clear()

    wider = select(analysis, *WINDOWS, "201600290010")
    view = mesh.submit(wider, make_job(of=wider))
    mesh.work()

    assert [unit.label for unit in mesh.executed] == ["201600290010", "job"]
    assert mesh.jobs.view(view.job_id).state is JobState.COMPLETED


def test_two_callers_share_one_run(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    first = mesh.submit(analysis, make_job())
    second = mesh.submit(analysis, make_job(user="bob"))
    assert second.run_id == first.run_id == first.job_id

    mesh.work()

    assert len(mesh.executed) == 3
    for view in (first, second):
        assert mesh.jobs.view(view.job_id).state is JobState.COMPLETED


def test_a_message_that_comes_twice_changes_nothing(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    job = make_job()
    mesh.submit(analysis, job)
    mesh.dispatcher.submitted(job)
    mesh.work()
    before = mesh.jobs.view(job.job_id)

    mesh.new_dispatcher("two").submitted(job)

    assert len(mesh.executed) == 3
    assert mesh.jobs.view(job.job_id) == before


def test_bad_windows_are_named_and_the_others_go_on(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    wider = select(analysis, *WINDOWS, "20160029", "201600300010")
    mesh.failures["201600300010"] = usage()
    view = mesh.submit(wider, make_job(of=wider))
    mesh.work()

    view = mesh.jobs.view(view.job_id)
    assert (view.state, view.partial) == (JobState.COMPLETED, True)
    assert view.stages["window"][UnitState.FAILED] == 2
    failed, refused = view.warnings
    assert refused.startswith("20160029: MalformedScW: '20160029' is not a science window")
    assert failed == "201600300010: NoScWData: the window has no data"
    merge = mesh.executed[-1]
    assert [entry.label for entry in merge.inputs] == list(WINDOWS)
    failed_rows = mesh.jobs.rows(view.job_id, states=[UnitState.FAILED])
    assert [row.label for row in failed_rows] == ["201600300010", "20160029"]


def test_nothing_usable_is_an_error_with_a_sentence(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    for label in WINDOWS:
        mesh.failures[label] = usage()
    view = mesh.submit(analysis, make_job())
    mesh.work()

    view = mesh.jobs.view(view.job_id)
    assert view.state is JobState.ERROR
    assert view.failure is not None
    assert (view.failure.kind, view.failure.reason) == (FailureKind.USAGE, "NoScWData")
    assert "none of the 2 units gave a product: 201600270010: NoScWData: the window has no data" in view.failure.text
    assert view.stages["merge"][UnitState.FAILED] == 1
    assert not view.products


def test_what_came_out_stays_where_the_asked_product_was_not_made(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob
) -> None:
    mesh.failures["job"] = usage("EmptyImageList")
    view = mesh.submit(analysis, make_job())
    mesh.work()

    view = mesh.jobs.view(view.job_id)
    assert view.state is JobState.ERROR
    assert view.failure is not None
    assert view.failure.reason == "EmptyImageList"
    assert [product.stage for product in view.products] == ["window", "window"]
    assert mesh.jobs.result(view.job_id) == list(view.products)
    assert view.warnings == ("stage merge: EmptyImageList: the window has no data",)


def test_a_request_that_cannot_be_planned_says_why(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    wrong = select(analysis, "2016")
    view = mesh.submit(wrong, make_job(of=wrong))
    assert view.state is JobState.ERROR
    assert view.failure is not None
    assert view.failure.reason == "InvalidSelection"
    assert "'2016' is not a science window" in view.failure.text

    unknown = analysis.model_copy(update={"instrument": "omc"})
    view = mesh.submit(unknown, make_job(of=unknown))
    assert view.failure is not None
    assert view.failure.reason == "UnknownInstrument"


def test_a_job_waits_for_its_instrument_and_says_so(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    mesh.index.delete("announced:noop")
    view = mesh.submit(analysis, make_job())
    assert view.state is JobState.PENDING
    assert view.waits == "not planned yet: no noop service has announced itself yet; is it running?"
    assert mesh.jobs.recent()[0].waits == view.waits

    mesh.announce()
    mesh.dispatcher.sweep()
    mesh.work()

    view = mesh.jobs.view(view.job_id)
    assert view.state is JobState.COMPLETED
    assert (view.waits, view.warnings) == ("", ())


def test_progress_is_told_at_most_once_a_beat(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    mesh.submit(analysis, make_job())
    mesh.told()
    for unit in mesh.released():
        for step in ("begin", "work"):
            mesh.tell(unit, UnitState.RUNNING, step=step)

    assert mesh.told() == []
    assert len(mesh.later) == 1
    mesh.beat()
    assert len(mesh.told()) == 1
    assert mesh.later == []


def test_a_big_plan_is_released_little_by_little(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    many = select(analysis, *(f"{2000 + number // 900:04d}{number % 900 + 1:04d}0010" for number in range(2000)))
    view = mesh.submit(many, make_job(of=many))
    assert view.counts[UnitState.QUEUED] == 2000

    released = mesh.released()

    assert len(released) == 4, "two a slot"
    mesh.execute(released[0])
    assert len(mesh.released()) == 1


def test_a_run_moves_at_the_pace_of_the_most_urgent_caller(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob
) -> None:
    wide = select(analysis, *(f"20160{number + 1:03d}0010" for number in range(20)))
    mesh.submit(wide, make_job(lane=Lane.BATCH, of=wide))
    assert {unit.lane for unit in mesh.released()} == {Lane.BATCH}

    mesh.submit(wide, make_job(user="broker", lane=Lane.ALERT, of=wide))

    urgent = mesh.released()
    assert {(unit.lane, unit.user) for unit in urgent} == {(Lane.ALERT, "broker")}
    assert len(urgent) == 4


def lapse(mesh: MeshDouble, job_id: str) -> None:
    for pattern in (f"job:{job_id}", f"run:{job_id}", f"run:{job_id}:*"):
        for key in mesh.index.scan_iter(pattern):
            mesh.index.delete(key)


def test_a_large_run_is_told_page_by_page(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.dispatcher.outcome.ROWS_A_PAGE", 3)
    monkeypatch.setattr("services.dispatcher.outcome.SHOWN_PRODUCTS", 2)
    labels = [f"20160{number:03d}0010" for number in range(1, 9)]
    wide = select(analysis, *labels).model_copy(update={"product": "noop_windows"})
    mesh.failures[labels[4]] = usage()
    job = make_job(of=wide)
    mesh.submit(wide, job)
    mesh.work()
    good = [label for label in labels if label != labels[4]]

    def told() -> dict[str, object]:
        view = mesh.jobs.view(job.job_id)
        return {
            "view": view,
            "rows": [row.label for row in mesh.jobs.rows(job.job_id, 2, 4)],
            "late rows": [row.label for row in mesh.jobs.rows(job.job_id, 7, 4)],
            "failed": [row.label for row in mesh.jobs.rows(job.job_id, states=[UnitState.FAILED])],
            "products": [product.label for product in mesh.jobs.result(job.job_id, 1, 5)],
            "files": {file.name for product in mesh.jobs.result(job.job_id, 0, 50) for file in product.files},
        }

    before = told()
    assert (len(mesh.jobs.view(job.job_id).products), mesh.jobs.view(job.job_id).products_total) == (2, 7)
    assert (before["rows"], before["late rows"]) == (labels[2:6], labels[7:])
    assert (before["failed"], before["products"]) == ([labels[4]], good[1:6])
    assert before["files"] == {"product.fits"}
    lapse(mesh, job.job_id)
    monkeypatch.setattr("services.dispatcher.outcome.ROWS_A_PAGE", 500)  # as another version has it
    assert told() == before
    assert Requests(mesh.objects).result(job.job_id).total == len(Requests(mesh.objects).result(job.job_id).rows) == 8


def test_records_that_lapsed_are_shown_from_the_documents(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob
) -> None:
    job = make_job()
    mesh.submit(analysis, job)
    mesh.work()
    before = mesh.jobs.view(job.job_id), mesh.jobs.rows(job.job_id), mesh.jobs.recent()
    assert mesh.index.ttl(f"job:{job.job_id}") > 0

    lapse(mesh, job.job_id)

    assert (mesh.jobs.view(job.job_id), mesh.jobs.rows(job.job_id), mesh.jobs.recent()) == before
    assert mesh.jobs.row(job.job_id, "merge", "job").state is UnitState.DONE
