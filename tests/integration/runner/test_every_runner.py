"""What holds for every runner: each way in which a unit can end, told apart, with its log."""

import json
import threading
import time
from typing import Any

import pytest

from mesh.errors import BadInput, OutOfMemory, ScienceFailure, TransientFailure, UnitCancelled, UnitFailure, UnitTimeout
from mesh.runner.product import verify_files

from .conftest import MakeRunner, MakeWork, run, wait_until

pytestmark = pytest.mark.parametrize("kind", ["local", "docker", "warm"])


def test_a_good_unit_gives_its_product_and_steps(kind: str, make_runner: MakeRunner, make_work: MakeWork) -> None:
    runner = make_runner(kind)
    work = make_work(runner, salt="sea", seconds=0.3)
    steps: list[str] = []
    outcome = runner.run(work, steps.append)
    verify_files(work.directory.out, outcome.product)
    assert json.loads((work.directory.out / "noop.json").read_text())["salt"] == "sea"
    assert [step.step for step in outcome.product.steps] == ["begin", "work"]
    assert steps[-1] == "work"
    assert outcome.runner == kind
    assert outcome.seconds >= 0.3


def test_the_same_unit_gives_the_same_bytes(kind: str, make_runner: MakeRunner, make_work: MakeWork) -> None:
    runner = make_runner(kind)
    first, second = (run(runner, make_work(runner, salt="sea")).product for _ in range(2))
    assert [file.sha256 for file in first.files] == [file.sha256 for file in second.files]


@pytest.mark.parametrize(
    "expected",
    [
        ("usage", BadInput, "NoScWData"),
        ("science", ScienceFailure, "EmptyImageList"),
        ("transient", TransientFailure, "Transient"),
        ("memory", OutOfMemory, "OutOfMemory"),
        ("garbage", ScienceFailure, "BadProduct"),
        ("disk", ScienceFailure, "OutputTooLarge"),
        ("crash", ScienceFailure, "AnalysisCrashed"),
    ],
    ids=lambda expected: expected[0],
)
def test_misfortunes_are_told_apart(
    kind: str, make_runner: MakeRunner, make_work: MakeWork, expected: tuple[str, type[UnitFailure], str]
) -> None:
    behaviour, failure, reason = expected
    runner = make_runner(kind)
    work = make_work(runner, behaviour=behaviour)
    with pytest.raises(failure) as caught:
        run(runner, work)
    assert f"201600270010.001: {behaviour}" in work.directory.read_log().decode()
    assert caught.value.reason == reason
    assert caught.value.text
    # The next unit is none the worse.
    run(runner, make_work(runner))


def test_a_unit_over_its_time_is_killed(kind: str, make_runner: MakeRunner, make_work: MakeWork) -> None:
    runner = make_runner(kind)
    run(runner, make_work(runner))
    work = make_work(runner, behaviour="hang", limits={"seconds": 6})
    with pytest.raises(UnitTimeout, match="6 s"):
        run(runner, work)
    assert b"201600270010.001: hang" in work.directory.read_log()
    run(runner, make_work(runner))


def test_a_running_unit_can_be_killed(kind: str, make_runner: MakeRunner, make_work: MakeWork) -> None:
    runner = make_runner(kind)
    work = make_work(runner, behaviour="hang")
    steps: list[str] = []
    ended: list[Any] = []

    def go() -> None:
        try:
            runner.run(work, steps.append)
        except UnitFailure as failure:
            ended.append(failure)

    thread = threading.Thread(target=go)
    thread.start()
    wait_until(lambda: "work" in steps)
    assert runner.kill(work.key)
    thread.join(timeout=30)
    assert isinstance(ended[0], UnitCancelled)
    assert not runner.kill(work.key)


def test_the_log_can_be_followed_while_the_unit_runs(kind: str, make_runner: MakeRunner, make_work: MakeWork) -> None:
    runner = make_runner(kind)
    work = make_work(runner, seconds=4, salt="followed")
    assert runner.log(work.key, "", 0) is None
    thread = threading.Thread(target=run, args=(runner, work))
    thread.start()
    seen, try_id = b"", ""
    while thread.is_alive():
        if (part := runner.log(work.key, try_id, len(seen))) is not None:
            assert part.start == len(seen)
            seen, try_id = seen + part.data, part.try_id
        time.sleep(0.05)
    assert b"201600270010.001: done\n" in seen
    assert b"4 s to go\n" in seen
    assert work.directory.read_log().startswith(seen)
    assert runner.log(work.key, try_id, len(seen)) is None


def test_a_unit_finds_nothing_of_the_one_before(kind: str, make_runner: MakeRunner, make_work: MakeWork) -> None:
    runner = make_runner(kind)
    first = make_work(runner)
    second = make_work(runner)
    run(runner, first)
    run(runner, second)
    assert {path.name for path in second.directory.out.iterdir()} == {"noop.json", "manifest.json", "steps.jsonl"}
