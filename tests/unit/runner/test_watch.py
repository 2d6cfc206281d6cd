"""What is noticed while a unit runs."""

import os
from pathlib import Path

import pytest

from mesh.errors import ScienceFailure, UnitCancelled, UnitTimeout
from mesh.runner.watch import Watch, check_size

from .conftest import LIMITS, nest


def _begin(step: str) -> str:
    return f'{{"step": "{step}", "event": "begin", "at": 0.0}}\n'


def _end(step: str) -> str:
    return f'{{"step": "{step}", "event": "end", "seconds": 0.0}}\n'


def test_steps_are_told_once_and_only_the_newest(tmp_path: Path) -> None:
    told: list[str] = []
    watch = Watch(tmp_path, LIMITS, told.append)
    watch.check()
    with (tmp_path / "steps.jsonl").open("a") as file:
        file.write(_begin("events"))
        file.flush()
        watch.check()
        watch.check()
        file.write(_end("events") + _begin("gti") + _end("gti") + _begin("image"))
        file.flush()
        watch.check()
        file.write(_begin("clean")[:10])
        file.flush()
        watch.check()
        file.write(_begin("clean")[10:])
        file.flush()
        watch.check()
    assert told == ["events", "image", "clean"]


def test_garbage_among_the_steps_is_passed_over(tmp_path: Path) -> None:
    told: list[str] = []
    (tmp_path / "steps.jsonl").write_bytes(b"\xff\xfe\n[1]\n{}\n" + _begin("work").encode())
    Watch(tmp_path, LIMITS, told.append).check()
    assert told == ["work"]


@pytest.mark.parametrize(
    "line",
    [
        _begin("x" * 2000),
        _begin("two\\nlines"),
        _begin("\\ud800"),
        '{"step": {"deep": 1}, "event": "begin"}\n',
        "[" * 900 + "\n",
        "x" * (2 << 20) + "\n",
    ],
    ids=["long", "newline", "surrogate", "object", "nested", "endless"],
)
def test_steps_that_are_no_names_are_passed_over(tmp_path: Path, line: str) -> None:
    told: list[str] = []
    (tmp_path / "steps.jsonl").write_text(line + _begin("work"))
    watch = Watch(tmp_path, LIMITS, told.append)
    for _ in range(4):
        watch.check()
    assert told == ["work"]


@pytest.mark.parametrize("kind", ["pipe", "link"])
def test_a_step_report_that_is_no_plain_file_is_passed_over_at_once(tmp_path: Path, kind: str) -> None:
    told: list[str] = []
    out = tmp_path / "out"
    out.mkdir()
    if kind == "pipe":
        os.mkfifo(out / "steps.jsonl")  # nobody writes: opening it would wait for ever
    else:
        (tmp_path / "secret").write_text(_begin("of the host"))
        (out / "steps.jsonl").symlink_to(tmp_path / "secret")
    Watch(out, LIMITS, told.append).check()
    assert told == []


def test_directories_too_deep_to_look_into_count_as_too_many(tmp_path: Path) -> None:
    nest(tmp_path, 30, "d" * 250)
    with pytest.raises(ScienceFailure, match="too deep"):
        check_size(tmp_path, LIMITS)


def test_a_cancelled_unit_ends(tmp_path: Path) -> None:
    watch = Watch(tmp_path, LIMITS, lambda step: None)
    watch.check()
    watch.cancel()
    with pytest.raises(UnitCancelled):
        watch.check()


def test_a_unit_past_its_deadline_ends(tmp_path: Path) -> None:
    watch = Watch(tmp_path, LIMITS, lambda step: None, seconds_left=-1)
    with pytest.raises(UnitTimeout, match="30 s"):
        watch.check()


@pytest.mark.parametrize("many", [False, True])
def test_too_much_output_ends_the_unit(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, many: bool) -> None:
    monkeypatch.setattr("mesh.runner.watch._SIZE_EVERY_S", 0.0)
    watch = Watch(tmp_path, LIMITS, lambda step: None)
    watch.check()
    if many:
        for number in range(1001):
            (tmp_path / f"f{number}").touch()
    else:
        (tmp_path / "deep").mkdir()
        (tmp_path / "deep" / "large").write_bytes(bytes(2 << 20))
    with pytest.raises(ScienceFailure) as caught:
        watch.check()
    assert caught.value.reason == "OutputTooLarge"
