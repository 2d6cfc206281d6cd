"""What a caller is told at the end of a run."""

import pytest

from mesh.contracts import Failure, Lane, RunResult, UnitRow
from mesh.instrument import Instrument
from mesh.instruments import instrument
from mesh.states import FailureKind, JobState, UnitState
from mesh.store.runs import Run
from services.dispatcher.outcome import Tally, asked_stages, outcome

RUN = Run(
    run_id="r1",
    request_key="k",
    instrument="isgri",
    product="isgri_image",
    state=JobState.EXECUTING,
    lane=Lane.USER,
    user="ada",
    opened="",
    started="2026-11-22T12:00:00.000Z",
    finished=None,
    steps={"image": (), "mosaic": ()},
    image="",
    calibration="",
    laid_out=True,
    planned=frozenset(("image", "mosaic")),
    left={},
)


@pytest.fixture
def isgri() -> Instrument:
    return instrument("isgri")


def row(stage: str, label: str, state: UnitState, reason: str = "", kind: FailureKind = FailureKind.USAGE) -> UnitRow:
    failure = Failure(kind=kind, reason=reason, text=f"{label} is bad") if reason else None
    return UnitRow(key=f"{stage}-{label}", stage=stage, label=label, state=state, failure=failure)


def tell(isgri: Instrument, rows: list[UnitRow]) -> RunResult:
    tally = Tally()
    for start in range(0, len(rows), 1000):
        tally.add(rows[start : start + 1000])
    return outcome(RUN, tally, isgri, {}, "2026-11-22T12:01:00.000Z")


def end(isgri: Instrument, rows: list[UnitRow]) -> tuple[JobState, Failure | None, tuple[str, ...], list[str]]:
    result = tell(isgri, rows)
    return result.state, result.failure, result.warnings, [product.key for product in result.products]


def test_the_last_stage_is_the_result(isgri: Instrument) -> None:
    rows = [row("image", "a", UnitState.DONE), row("mosaic", "job", UnitState.CACHED)]
    assert end(isgri, rows) == (JobState.COMPLETED, None, (), ["mosaic-job"])


def test_each_failure_has_its_sentence(isgri: Instrument) -> None:
    rows = [
        row("image", "a", UnitState.DONE),
        row("image", "b", UnitState.FAILED, "NoISGRIEvents"),
        row("mosaic", "job", UnitState.DONE).model_copy(update={"warnings": ("few windows",)}),
    ]
    _, _, warnings, _ = end(isgri, rows)
    assert warnings == ("b: NoISGRIEvents: b is bad", "mosaic: few windows")


def test_warnings_of_windows_are_told_once_a_kind(isgri: Instrument) -> None:
    def warned(stage: str, label: str, *texts: str) -> UnitRow:
        return row(stage, label, UnitState.DONE).model_copy(update={"warnings": texts})

    rows = [
        warned("image", "a", "the map is 1.53 times wider", "no dead time"),
        warned("image", "b", "the map is 1.6 times wider", "the map is -2 times wider"),
        warned("image", "c", "the map is 1.7 times wider"),
        warned("spectrum", "a", "no dead time"),
        warned("spectrum", "b", "no dead time", "one channel is empty"),
        row("mosaic", "job", UnitState.DONE),
    ]
    result = tell(isgri, rows)
    assert result.warnings == (
        "a and 2 more: the map is 1.53 times wider",
        "a: no dead time",
        "b: one channel is empty",
    )
    assert result.warnings_total == 3


def test_kinds_of_warnings_beyond_the_first_are_counted(isgri: Instrument) -> None:
    texts = tuple(f"{'x' * number} is close to another source" for number in range(1, 151))
    warned = row("image", "a", UnitState.DONE).model_copy(update={"warnings": texts})
    result = tell(isgri, [warned, row("mosaic", "job", UnitState.DONE)])
    assert (result.warnings_total, len(result.warnings)) == (150, 100)


def test_a_job_whose_asked_product_was_not_made_has_failed_and_keeps_what_came_out(isgri: Instrument) -> None:
    rows = [row("image", "a", UnitState.DONE), row("mosaic", "job", UnitState.FAILED, "EmptyImageList")]
    result = tell(isgri, rows)
    assert result.state is JobState.ERROR
    assert result.failure is not None
    assert result.failure.reason == "EmptyImageList"
    assert result.failure.text == (
        "isgri_image was not made: stage mosaic: EmptyImageList: job is bad; the products of image can be downloaded"
    )
    assert [product.key for product in result.products] == ["image-a"]
    assert not result.partial
    assert result.warnings == ("stage mosaic: EmptyImageList: job is bad",)


def test_where_the_last_stage_had_nothing_to_begin_with_the_reason_is_that_of_the_stage_before(
    isgri: Instrument,
) -> None:
    steps: dict[str, tuple[str, ...]] = dict.fromkeys(("image", "mosaic", "spectrum", "spectrum_sum"), ())
    rows = [
        row("image", "a", UnitState.DONE),
        row("mosaic", "job", UnitState.DONE),
        row("spectrum", "a", UnitState.FAILED, "NoCounts", FailureKind.SCIENCE),
        row("spectrum_sum", "job", UnitState.FAILED, "NoInputs"),
    ]
    tally = Tally()
    tally.add(rows)
    run = RUN.model_copy(update={"product": "isgri_spectrum", "steps": steps})
    result = outcome(run, tally, isgri, {}, "2026-11-22T12:01:00.000Z")
    assert result.state is JobState.ERROR
    assert result.failure is not None
    assert (result.failure.kind, result.failure.reason) == (FailureKind.SCIENCE, "NoCounts")
    assert "isgri_spectrum was not made: a: NoCounts" in result.failure.text
    assert [product.key for product in result.products] == ["mosaic-job"]


def test_a_result_without_some_windows_is_partial(isgri: Instrument) -> None:
    good = [row("image", "a", UnitState.DONE), row("mosaic", "job", UnitState.DONE)]
    assert not tell(isgri, good).partial
    bad = tell(isgri, [*good, row("image", "b", UnitState.FAILED, "NoISGRIEvents")])
    assert (bad.state, bad.partial) == (JobState.COMPLETED, True)


def test_a_stage_that_the_caller_replaced_is_not_asked_for(isgri: Instrument) -> None:
    assert asked_stages(isgri, ("image", "mosaic", "lc", "lc_merge")) == ("lc_merge",)
    assert asked_stages(isgri, ("lc", "lc_merge")) == ("lc_merge",)
    assert asked_stages(isgri, ("image", "mosaic")) == ("mosaic",)


def test_nothing_names_the_commonest_reason(isgri: Instrument) -> None:
    rows = [
        row("image", "a", UnitState.FAILED, "Odd"),
        *(row("image", label, UnitState.FAILED, "NoISGRIEvents") for label in "bcde"),
        row("mosaic", "job", UnitState.FAILED, "NoInputs"),
    ]
    state, failure, _, products = end(isgri, rows)
    assert (state, products) == (JobState.ERROR, [])
    assert failure is not None
    assert failure.reason == "NoISGRIEvents"
    assert failure.text.startswith("none of the 5 units gave a product: a: Odd: a is bad; b: NoISGRIEvents: b is bad;")
    assert failure.text.endswith("and 2 more")


def test_of_a_large_run_the_first_ones_are_told_and_all_are_counted(isgri: Instrument) -> None:
    rows = [
        *(row("image", f"g{number}", UnitState.DONE) for number in range(1500)),
        *(row("image", f"b{number}", UnitState.FAILED, "NoISGRIEvents") for number in range(700)),
        row("mosaic", "job", UnitState.FAILED, "EmptyImageList"),
    ]
    result = tell(isgri, rows)
    assert (result.total, len(result.rows)) == (2201, 1000)
    assert result.result_stages == ("image",)
    assert (result.products_total, len(result.products)) == (1500, 100)
    assert (result.warnings_total, len(result.warnings)) == (701, 100)
    assert result.counts["image"][UnitState.FAILED] == 700
