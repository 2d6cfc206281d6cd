"""The tables that the Lua scripts get, and the JSON that they take."""

import json
from pathlib import Path

from mesh.contracts import Failure, UnitEvent, UnitRow
from mesh.states import FailureKind, UnitState
from mesh.store import scripts
from mesh.store.row_change import RowChange, row_text


def test_the_scripts_know_the_states_of_the_mesh() -> None:
    final, over, following = scripts.state_tables().splitlines()

    assert final == "local FINAL = {cached = true, done = true, failed = true, cancelled = true}"
    assert over == "local OVER = {COMPLETED = true, ERROR = true, ABORTED = true}"
    assert "queued = {running = true, cached = true, done = true, failed = true, cancelled = true}" in following
    assert "done = {}" in following


def test_every_script_says_what_it_is_for() -> None:
    folder = Path(scripts.__file__).parent / "lua"
    for path in folder.glob("*.lua"):
        assert path.read_text().startswith("-- "), path.name


def test_a_change_has_no_nulls_and_no_empty_lists() -> None:
    event = UnitEvent(
        event_id="e",
        unit_key="k",
        instrument="noop",
        stage="window",
        label="w",
        run_id="r",
        state=UnitState.RUNNING,
        at="2026-11-22T12:00:00.000Z",
    )
    assert json.loads(RowChange.of(event).text()) == {
        "key": "k",
        "stage": "window",
        "label": "w",
        "state": "running",
        "attempt": 1,
        "at": "2026-11-22T12:00:00.000Z",
        "run_id": "r",
    }


def test_a_row_comes_back_as_it_went() -> None:
    failure = Failure(kind=FailureKind.SCIENCE, reason="EmptyImageList", text="no image “here”")
    for row in (
        UnitRow(key="", stage="window", label="w", state=UnitState.WAITING),
        UnitRow(key="k", stage="window", label="w", state=UnitState.FAILED, failure=failure, warnings=("a", "b")),
    ):
        assert UnitRow.model_validate_json(row_text(row)) == row
