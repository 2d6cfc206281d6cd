"""The picture of a job in a terminal."""

import io

from rich.console import Console

from mesh.contracts import Failure, JobView, Lane, UnitRow
from mesh.states import FailureKind, JobState, UnitState
from odamesh.live_table import choose, draw, marks
from odamesh.progress import Progress
from tests.unit.gateway.doubles import unit_row

_STEPS = ("events", "gti", "image")


def _progress(rows: list[UnitRow], state: JobState = JobState.EXECUTING) -> Progress:
    counts = {wanted: sum(row.state is wanted for row in rows) for wanted in UnitState}
    view = JobView(
        job_id="1" * 32,
        run_id="1" * 32,
        request_key="2" * 64,
        instrument="isgri",
        product="isgri_image",
        user="ada",
        lane=Lane.USER,
        state=state,
        submitted="2026-01-01T00:00:00Z",
        total=len(rows),
        counts=counts,
        stages={"image": counts},
        steps={"image": _STEPS, "mosaic": ("mosaic",)},
    )
    return Progress(view, {(row.stage, row.label): row for row in rows})


def _text(progress: Progress, height: int, *, plain: bool = False) -> str:
    console = Console(file=io.StringIO(), width=120, height=height, record=True)
    console.print(draw(progress, height, plain=plain))
    return console.export_text()


def test_marks_follow_the_steps() -> None:
    signs = {"done": "d", "running": "r", "failed": "f", "cached": "c", "open": "."}
    cases = {
        (UnitState.QUEUED, None): "...",
        (UnitState.RUNNING, None): "...",
        (UnitState.RUNNING, "gti"): "dr.",
        (UnitState.FAILED, "events"): "f..",
        (UnitState.CANCELLED, "gti"): "d..",
        (UnitState.DONE, "gti"): "ddd",
        (UnitState.CACHED, None): "ccc",
    }
    for (state, step), expected in cases.items():
        row = unit_row("image", "201600270010.001", state, step=step)
        assert "".join(marks(row, _STEPS, signs)) == expected, (state, step)


def test_a_small_job_shows_every_window_step_and_reason() -> None:
    failure = Failure(kind=FailureKind.USAGE, reason="NoISGRIEvents", text="the window has none")
    rows = [
        unit_row("image", "201600270010.001", UnitState.RUNNING, step="gti"),
        unit_row("image", "201600280010.001", UnitState.FAILED, step="events", failure=failure),
        unit_row("image", "201600290010.001", UnitState.DONE, seconds=12.34),
        unit_row("image", "201600300010.001", UnitState.RUNNING, attempt=2),
        unit_row("mosaic", "job", UnitState.WAITING),
    ]
    text = _text(_progress(rows), 40)
    for expected in ("isgri_image", "EXECUTING", "2 of 5", "1 failed", "NoISGRIEvents", "12.3", "try 2", "mosaic"):
        assert expected in text
    assert all(row.label in text for row in rows)
    assert text.isascii() is False
    assert _text(_progress(rows), 40, plain=True).replace("━", "").replace("╸", "").isascii()


def test_a_large_job_shows_what_runs_and_what_failed_and_counts_the_rest() -> None:
    rows = [unit_row("image", f"{number:04d}00010010.001", UnitState.QUEUED) for number in range(1, 10_001)]
    rows[5000] = unit_row("image", rows[5000].label, UnitState.RUNNING)
    rows[9000] = unit_row("image", rows[9000].label, UnitState.FAILED)
    chosen = choose(rows, 10)
    assert len(chosen) == 10
    assert rows[5000] in chosen
    assert rows[9000] in chosen
    text = _text(_progress(rows), 24)
    assert len(text.splitlines()) <= 24
    assert "and 9984 more" in text
