"""The sandbox as seen from inside: a unit tries to get out in every way and reports; nothing may have been allowed."""

import json
from typing import Any

import pytest

from mesh.runner.protocol import Runner
from mesh.testing.noop.analysis.attempts import ATTEMPTS

from .conftest import MakeRunner, MakeWork, run

pytestmark = pytest.mark.parametrize("kind", ["docker", "warm"])


@pytest.fixture
def runner(kind: str, make_runner: MakeRunner) -> Runner:
    return make_runner(kind)


def _report(runner: Runner, make_work: MakeWork) -> dict[str, Any]:
    work = make_work(runner, behaviour="escape")
    assert run(runner, work).runner == runner.name
    report: dict[str, Any] = json.loads((work.directory.out / "escape.json").read_text())
    return report


def test_a_hostile_unit_is_refused_everything_and_leaves_nothing(runner: Runner, make_work: MakeWork) -> None:
    # Inputs of another unit lie in the same workspace, and a unit ran before in the same container.
    make_work(runner)
    run(runner, make_work(runner))
    first, second = _report(runner, make_work), _report(runner, make_work)
    assert first["attempts"].keys() == ATTEMPTS.keys()
    # Process 1 of a cold container belongs to its only unit.
    checked = {name: told for name, told in first["attempts"].items() if runner.name == "warm" or "server:" not in name}
    assert {name: told for name, told in checked.items() if not told.startswith("refused: ")} == {}
    assert (first["found"], second["found"]) == ([], [])
    status = first["process"]
    assert status["Uid"].split() == ["65534"] * 4
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb")} == {0}
    assert (status["NoNewPrivs"], status["Seccomp"]) == ("1", "2")
    run(runner, make_work(runner))
