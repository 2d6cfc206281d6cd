"""Where the time of a job went, as `odamesh trace` shows it."""

from datetime import UTC, datetime

from mesh.contracts import Failure, JobView, Lane
from mesh.states import FailureKind, JobState, UnitState
from odamesh.waterfall import draw, waterfall
from tests.unit.gateway.doubles import unit_row


def _view(state: JobState, finished: str | None) -> JobView:
    return JobView(
        job_id="1" * 32,
        run_id="1" * 32,
        request_key="2" * 64,
        instrument="isgri",
        product="isgri_image",
        user="ada",
        lane=Lane.USER,
        state=state,
        submitted="2026-01-01T00:00:00Z",
        started="2026-01-01T00:00:05Z",
        finished=finished,
        counts={},
        stages={"image": {}, "mosaic": {}},
        steps={},
    )


def test_each_stage_has_its_span_and_its_longest_units() -> None:
    failure = Failure(kind=FailureKind.SCIENCE, reason="NoSource", text="nothing there")
    rows = [
        unit_row("image", "a", UnitState.DONE, at="2026-01-01T00:00:20Z", seconds=12.0, worker="w1"),
        unit_row("image", "b", UnitState.FAILED, at="2026-01-01T00:00:30Z", seconds=2.0, attempt=3, failure=failure),
        unit_row("image", "c", UnitState.DONE, at="2026-01-01T00:00:40Z", seconds=20.0),
        unit_row("image", "d", UnitState.CACHED, at="2026-01-01T00:00:05Z", seconds=99.0, cached_from="earlier"),
        unit_row("mosaic", "job", UnitState.DONE, at="2026-01-01T00:01:00Z", seconds=15.0),
    ]
    bars = {bar.what: bar for bar in waterfall(_view(JobState.COMPLETED, "2026-01-01T00:01:00Z"), rows, most=2)}
    assert list(bars) == ["job", "waits for its first unit", "image", "  a", "  c", "mosaic", "  job"]
    assert bars["job"][1:3] == (0.0, 60.0)
    assert bars["waits for its first unit"].end_s == 5.0
    assert bars["image"][1:] == (8.0, 40.0, "3 of 4 units ran")
    assert bars["  a"][1:] == (8.0, 20.0, "done (w1)")
    assert bars["mosaic"][1:3] == (45.0, 60.0)
    told = waterfall(_view(JobState.COMPLETED, "2026-01-01T00:01:00Z"), rows, most=9)
    assert next(bar.note for bar in told if bar.what == "  b") == "failed, try 3: NoSource"


def test_what_still_runs_reaches_up_to_now() -> None:
    rows = [
        unit_row("image", "a", UnitState.RUNNING, at="2026-01-01T00:00:10Z", step="events"),
        unit_row("mosaic", "job", UnitState.WAITING),
    ]
    now = datetime(2026, 1, 1, 0, 0, 50, tzinfo=UTC)
    bars = {bar.what: bar for bar in waterfall(_view(JobState.EXECUTING, None), rows, most=5, now=now)}
    assert bars["job"].end_s == 50.0
    assert bars["  a"][1:] == (10.0, 50.0, "running events")
    assert bars["mosaic"].note == "nothing ran: waiting"


def test_the_picture_is_to_scale() -> None:
    rows = [unit_row("image", "a", UnitState.DONE, at="2026-01-01T00:00:40Z", seconds=20.0)]
    lines = draw(waterfall(_view(JobState.COMPLETED, "2026-01-01T00:00:40Z"), rows, most=1), 40)
    unit = next(line for line in lines if line.startswith("  a"))
    assert unit.count("#") == 20
    assert "20.0 s      20.0 s" in unit
    assert all(len(line.split("  ")[0]) <= 40 for line in lines)
