"""Steps run side by side, wait for what they need, and one failure does not take the others along."""

import io
import threading
from collections.abc import Callable

import pytest
from rich.console import Console

from infra.stack.problem import SetupProblem
from infra.stack.steps import Step, run_steps


def _console() -> tuple[Console, io.StringIO]:
    text = io.StringIO()
    return Console(file=text, width=200), text


def _noting(order: list[str], name: str) -> Callable[[], str]:
    def note() -> str:
        order.append(name)
        return "noted"

    return note


def test_independent_steps_run_side_by_side() -> None:
    meet = threading.Barrier(2, timeout=20)

    def wait() -> str:
        meet.wait()  # both must be running
        return "met"

    run_steps([Step("one", wait), Step("two", wait)], _console()[0])


def test_a_step_waits_for_what_it_needs() -> None:
    order: list[str] = []
    steps = [
        Step("last", _noting(order, "last"), after=("first", "second")),
        Step("second", _noting(order, "second"), after=("first",)),
        Step("first", _noting(order, "first")),
    ]
    run_steps(steps, _console()[0])
    assert order == ["first", "second", "last"]


def test_a_problem_ends_its_own_line_only() -> None:
    done: list[str] = []

    def fail() -> str:
        raise SetupProblem("port 1 is taken: set THAT")

    steps = [
        Step("bad", fail),
        Step("needs bad", _noting(done, "needs bad"), after=("bad",)),
        Step("good", _noting(done, "good")),
    ]
    console, text = _console()
    with pytest.raises(SetupProblem, match="set THAT"):
        run_steps(steps, console)
    assert done == ["good"]
    assert "good: noted" in text.getvalue()
    assert "bad: failed: port 1 is taken" in text.getvalue()


def test_our_own_faults_are_not_hidden() -> None:
    def fault() -> str:
        raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        run_steps([Step("fault", fault)], _console()[0])
