"""The audit finds each thing that it is there to find, and nothing where everything agrees."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from mesh.audit.check_jobs import check_jobs
from mesh.audit.check_products import check_products
from mesh.audit.check_records import check_records
from mesh.audit.check_units import check_units
from mesh.audit.documents import StoredFile
from mesh.audit.finding import Kind
from mesh.contracts import JobEnd
from mesh.states import JobState, UnitState
from tests.unit.audit.books import NOW, WINDOWS, Books, books, manifest

PATIENCE = 900.0


def found(kept: Books) -> list[tuple[Kind, str]]:
    documents, records = kept.documents, kept.records
    checks = (
        check_jobs(documents, records, PATIENCE),
        check_units(documents),
        check_products(documents, records),
        check_records(records, PATIENCE),
    )
    return [(finding.kind, f"{finding.about}: {finding.text}") for check in checks for finding in check]


def key_of(kept: Books, stage: str) -> str:
    return next(row.key for row in kept.runs["r1"].rows if row.stage == stage)


def change_row(kept: Books, place: int, **fields: object) -> None:
    rows = list(kept.runs["r1"].rows)
    rows[place] = rows[place].model_copy(update=fields)
    kept.runs["r1"] = kept.runs["r1"].model_copy(update={"rows": tuple(rows)})


def test_nothing_is_found_where_everything_agrees() -> None:
    assert found(books()) == []


# --- what each of these does to the books, and what is found -----------------------------------------------------


def no_request(kept: Books) -> None:
    del kept.analyses[kept.jobs["j2"].request_key]


def no_end_no_record(kept: Books) -> None:
    del kept.job_records["j2"], kept.active["r2"]


def run_unknown(kept: Books) -> None:
    del kept.run_states["r2"], kept.active["r2"]


def run_over_without_end(kept: Books) -> None:
    del kept.ends["j1"], kept.runs["r1"]


def run_not_looked_after(kept: Books) -> None:
    del kept.active["r2"]


def run_forgot_the_job(kept: Books) -> None:
    kept.active["r2"] = replace(kept.active["r2"], jobs=frozenset({"other"}))


def cancelled_without_end(kept: Books) -> None:
    kept.job_records["j2"]["state"] = "ABORTED"


def never_taken_up(kept: Books) -> None:
    del kept.job_records["j2"]["run_id"], kept.active["r2"]


def waits_too_long(kept: Books) -> None:
    never_taken_up(kept)
    kept.unplanned.add("j2")


def no_outcome(kept: Books) -> None:
    del kept.runs["r1"]


def other_state(kept: Books) -> None:
    kept.runs["r1"] = kept.runs["r1"].model_copy(update={"state": JobState.ERROR})
    kept.run_states["r1"] = "COMPLETED"


def record_says_otherwise(kept: Books) -> None:
    kept.run_states["r1"] = "ERROR"


def end_without_job(kept: Books) -> None:
    kept.ends["j9"] = JobEnd(job_id="j9", run_id="r1", state=JobState.COMPLETED, finished="f")


def revived(kept: Books) -> None:
    kept.ends["j2"] = JobEnd(job_id="j2", run_id=None, state=JobState.ABORTED, finished="f")


def two_runs_at_once(kept: Books) -> None:
    kept.active["r3"] = replace(kept.active["r2"], jobs=frozenset())


def ended_for_nobody(kept: Books) -> None:
    kept.runs["r9"] = kept.runs["r1"].model_copy(update={"run_id": "r9", "rows": (), "total": 0, "products": ()})


def made_by_two_runs(kept: Books) -> None:
    kept.complete(kept.job("j3", "one", "r3"), "r3")


def row_twice(kept: Books) -> None:
    change_row(kept, 1, label=WINDOWS[0], key=kept.runs["r1"].rows[1].key)


def row_not_final(kept: Books) -> None:
    change_row(kept, 0, state=UnitState.RUNNING)


def no_product(kept: Books) -> None:
    del kept.manifests[key_of(kept, "window")], kept.files[key_of(kept, "window")]


def no_result(kept: Books) -> None:
    del kept.manifests[key_of(kept, "merge")], kept.files[key_of(kept, "merge")]


def no_stage(kept: Books) -> None:
    kept.runs["r1"] = kept.runs["r1"].model_copy(update={"rows": kept.runs["r1"].rows[:2]})


def page_gone(kept: Books) -> None:
    kept.runs["r1"] = kept.runs["r1"].model_copy(update={"total": 1003})


def window_without_row(kept: Books) -> None:
    change_row(kept, 1, label="201600290010.001")


def window_not_merged(kept: Books) -> None:
    merge = manifest("merge", "job", kept.manifests[key_of(kept, "merge")].inputs[:1], "one")  # type: ignore[arg-type]
    kept.commit(merge)
    change_row(kept, 2, key=merge.key)


def file_gone(kept: Books) -> None:
    del kept.files[key_of(kept, "window")]["noop.fits"]


def file_cut(kept: Books) -> None:
    kept.files[key_of(kept, "window")]["noop.fits"] = StoredFile(6, NOW)


def other_key(kept: Books) -> None:
    key = key_of(kept, "window")
    kept.manifests[key] = kept.manifests[key].model_copy(update={"calibration": "another"})


def no_manifest(kept: Books) -> None:
    kept.files["ab" * 32] = {"noop.fits": StoredFile(7, NOW - 7200)}


def miscounted(kept: Books) -> None:
    kept.active["r2"] = replace(kept.active["r2"], left={"window": 1, "merge": 1})


def silent(kept: Books) -> None:
    kept.active["r2"] = replace(kept.active["r2"], changed=NOW - 1000)


def place_held_by_nobody(kept: Books) -> None:
    kept.released["k7"] = False


def unit_forgotten(kept: Books) -> None:
    del kept.units["k1"]


def unit_in_no_backlog(kept: Books) -> None:
    kept.active["r2"] = replace(kept.active["r2"], backlog=frozenset())


def unit_not_looked_after(kept: Books) -> None:
    kept.units["k1"] = kept.units["k1"]._replace(watched=False)


def unit_forgot_the_run(kept: Books) -> None:
    kept.units["k1"] = kept.units["k1"]._replace(runs=frozenset({"r9"}))


def end_never_written(kept: Books) -> None:
    del kept.ends["j1"]
    kept.ending["j1"] = NOW - 100


@pytest.mark.parametrize(
    ("spoil", "kind", "text"),
    [
        (no_request, Kind.LOST, "its request"),
        (no_end_no_record, Kind.LOST, "the index does not know it"),
        (run_unknown, Kind.LOST, "the index does not know run r2"),
        (run_over_without_end, Kind.LOST, "run r1 ended as COMPLETED, but the end"),
        (run_not_looked_after, Kind.LOST, "not among those"),
        (run_forgot_the_job, Kind.LOST, "does not know that it works for it"),
        (cancelled_without_end, Kind.LOST, "its record says ABORTED"),
        (never_taken_up, Kind.LOST, "no run serves it"),
        (waits_too_long, Kind.STUCK, "no dispatcher has planned it"),
        (no_outcome, Kind.LOST, "the outcome of run r1"),
        (other_state, Kind.CONTRADICTORY, "its run r1 as ERROR"),
        (record_says_otherwise, Kind.CONTRADICTORY, "its record says ERROR"),
        (end_without_job, Kind.ORPHANED, "the job is not in the store"),
        (revived, Kind.DOUBLED, "run r2 still works for it"),
        (two_runs_at_once, Kind.DOUBLED, "at the same time"),
        (ended_for_nobody, Kind.DOUBLED, "no job ended with it"),
        (made_by_two_runs, Kind.DOUBLED, "both made it"),
        (row_twice, Kind.DOUBLED, "stands twice"),
        (row_not_final, Kind.LOST, "was running"),
        (no_product, Kind.LOST, "is not there"),
        (no_result, Kind.LOST, "its result merge"),
        (no_stage, Kind.LOST, "no row of stage merge"),
        (no_stage, Kind.CONTRADICTORY, "not those that it counts"),
        (page_gone, Kind.LOST, "it had 1003"),
        (window_without_row, Kind.LOST, "window 201600280010.001 was asked for"),
        (window_not_merged, Kind.LOST, "1 of its 2 good windows are missing"),
        (file_gone, Kind.LOST, "noop.fits is not there"),
        (file_cut, Kind.LOST, "has 6 bytes, not 7"),
        (other_key, Kind.CONTRADICTORY, "another key"),
        (no_manifest, Kind.ORPHANED, "without a manifest"),
        (miscounted, Kind.CONTRADICTORY, "rows left"),
        (silent, Kind.STUCK, "silent for 1000 s"),
        (place_held_by_nobody, Kind.STUCK, "holds a place"),
        (unit_forgotten, Kind.LOST, "the index does not know it"),
        (unit_in_no_backlog, Kind.LOST, "neither released nor in a backlog"),
        (unit_not_looked_after, Kind.LOST, "nobody looks after it"),
        (unit_forgot_the_run, Kind.LOST, "not among those that hear of it"),
        (end_never_written, Kind.LOST, "its end is not written for 100 s"),
    ],
)
def test_each_fault_is_found(spoil: Callable[[Books], None], kind: Kind, text: str) -> None:
    kept = books()
    spoil(kept)
    assert any(what is kind and text in about for what, about in found(kept)), found(kept)


def job_just_stored(kept: Books) -> None:
    no_end_no_record(kept)
    kept.stored["j2"] = NOW - 1


def taken_up_soon(kept: Books) -> None:
    waits_too_long(kept)
    kept.stored["j2"] = NOW - 100


def cancelled_while_others_wait(kept: Books) -> None:
    kept.job("j3", "two", "r2")
    kept.job_records["j3"]["state"] = "ABORTED"
    kept.ends["j3"] = JobEnd(job_id="j3", run_id="r2", state=JobState.ABORTED, finished="f")


def evicted(kept: Books) -> None:
    no_product(kept)
    kept.evicted.add(key_of(kept, "window"))


def made_again_after_eviction(kept: Books) -> None:
    made_by_two_runs(kept)
    kept.evicted.update(row.key for row in kept.runs["r1"].rows)


def shared(kept: Books) -> None:
    made_by_two_runs(kept)
    rows = tuple(row.model_copy(update={"cached_from": "r1"}) for row in kept.runs["r3"].rows)
    kept.runs["r3"] = kept.runs["r3"].model_copy(update={"rows": rows})


def being_stored(kept: Books) -> None:
    kept.files["ab" * 32] = {"noop.fits": StoredFile(7, NOW - 10)}


def long_unit(kept: Books) -> None:
    silent(kept)
    kept.at_work.add("k1")


def behind_others(kept: Books) -> None:
    kept.active["r2"] = replace(kept.active["r2"], changed=NOW - 1000)
    kept.at_work.add("another")


def end_being_written(kept: Books) -> None:
    kept.job_records["j2"]["state"] = "ABORTED"
    kept.active.clear()
    kept.ending["j2"] = NOW - 1


@pytest.mark.parametrize(
    "happen",
    [
        job_just_stored,
        taken_up_soon,
        cancelled_while_others_wait,
        evicted,
        made_again_after_eviction,
        shared,
        being_stored,
        long_unit,
        behind_others,
        end_being_written,
    ],
)
def test_what_happens_every_day_is_no_fault(happen: Callable[[Books], None]) -> None:
    kept = books()
    happen(kept)
    assert found(kept) == []
