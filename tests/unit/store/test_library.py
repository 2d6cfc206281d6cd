"""The text of the function library, and the JSON that its functions take."""

import json
import re
from pathlib import Path

import pytest

from mesh.contracts import Failure, UnitEvent, UnitRow
from mesh.states import FailureKind, UnitState
from mesh.store import library, names
from mesh.store.row_change import RowChange, row_text

FOLDER = Path(library.__file__).parent / "lua"


def test_the_functions_know_the_states_of_the_mesh() -> None:
    final, over, following, urgency = library.tables().splitlines()

    assert final == "local FINAL = {cached = true, done = true, failed = true, cancelled = true}"
    assert over == "local OVER = {COMPLETED = true, ERROR = true, ABORTED = true}"
    assert "queued = {running = true, cached = true, done = true, failed = true, cancelled = true}" in following
    assert "done = {}" in following
    assert urgency == "local URGENCY = {alert = 0, user = 1, batch = 2}"


def test_every_part_and_every_function_says_what_it_is_for() -> None:
    assert sorted(path.stem for path in FOLDER.glob("*.lua")) == sorted(library.PARTS)
    for part in library.PARTS:
        text = (FOLDER / f"{part}.lua").read_text()
        assert text.startswith("-- "), part
        for before, name in re.findall(r"(.*)\nregister\('(\w+)'", text):
            assert before.startswith("-- "), f"{part}: {name}"


def test_the_version_follows_the_text(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    before = library.version()
    assert library.source().startswith(f"#!lua name=odamesh_{before}\n")
    for part in library.PARTS:
        (tmp_path / f"{part}.lua").write_text((FOLDER / f"{part}.lua").read_text() + "\n")
    monkeypatch.setattr(library, "_FOLDER", tmp_path)
    for cached in (library.version, library.source, library._body):
        cached.cache_clear()
    after = library.version()
    monkeypatch.undo()
    for cached in (library.version, library.source, library._body):
        cached.cache_clear()
    assert after != before
    assert library.version() == before


def test_names_of_keys_stand_in_one_part() -> None:
    """Only `keys.lua` writes down names of keys, and only of families that `names.py` describes."""
    families = set(re.findall(r"^    ([a-z]+)[:, ]", str(names.__doc__).partition("Redis")[2], re.MULTILINE))
    assert {"run", "unit", "mesh", "window"} <= families
    literal = re.compile(r"'([a-z]+):[^']*'")
    for part in library.PARTS:
        found = set(literal.findall((FOLDER / f"{part}.lua").read_text()))
        assert found <= families if part == "keys" else found <= {"in", "planned"}, part


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
