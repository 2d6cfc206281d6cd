"""Causes alarms: `python -m tests.alarms [--only NAME]`; prints a table, keeps alarms-output/alarms.json.

Exit status 1 if one did not reach its receiver in time, or its end did not.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

from infra.stack.stack import Stack
from tests.alarms import jobs, messages, objectives, processes, room, servers, watched
from tests.alarms.cause import Cause
from tests.alarms.receiver import Receiver, receiving
from tests.chaos.drill import Setting
from tests.chaos.ground import Ground
from tests.chaos.settings import ground_in

CAUSES = (
    *servers.CAUSES,
    *room.CAUSES,
    *watched.CAUSES,
    *messages.CAUSES,
    *processes.CAUSES,
    *jobs.CAUSES,
    *objectives.CAUSES,
)
_OUTPUT = Path("alarms-output/alarms.json")
_console = Console(width=None if sys.stdout.isatty() else 140)


@dataclass
class Outcome:
    """What came of one cause."""

    alarm: str
    cause: str
    raised_s: float | None = None
    """Seconds from the cause to the receiver."""
    cleared_s: float | None = None
    """Seconds from its end to the receiver."""
    remark: str = ""


def main() -> int:
    """Cause what the command line asks for."""
    parser = argparse.ArgumentParser(description="Cause alarms on the mesh of the stack that the environment names.")
    parser.add_argument("--only", default="", help="only the alarm of this name")
    parser.add_argument("--within", type=float, default=3600, help="only those that come within so many seconds")
    chosen = parser.parse_args()
    causes = [one for one in CAUSES if chosen.only in one.alarm and one.within_s + one.clear_s <= chosen.within]
    outcomes: list[Outcome] = []
    with receiving() as receiver, ground_in(Setting.PLAIN) as ground:
        _send_to(receiver, ground.stack)
        for cause in causes:
            outcome = _cause(cause, receiver, ground)
            outcomes.append(outcome)
            told = f"raised {outcome.raised_s}, cleared {outcome.cleared_s} {outcome.remark}"
            _console.print(f"{cause.alarm} ({cause.what}): {told}", highlight=False, markup=False)
            _keep(outcomes)
    _show(outcomes)
    return 0 if all(one.remark == "" or one.remark.startswith("not caused") for one in outcomes) else 1


def _send_to(receiver: Receiver, stack: Stack) -> None:
    """Have all alarms of the stack sent to the receiver."""
    addresses = json.dumps([receiver.url])
    stack.setting.layout.alarms.write_text(f"page = {addresses}\nticket = {addresses}\n", encoding="utf-8")
    stack.alertmanager.ensure()


def _cause(cause: Cause, receiver: Receiver, ground: Ground) -> Outcome:
    outcome = Outcome(cause.alarm, cause.what)
    try:
        begin = time.monotonic()
        with cause.broken(ground):
            outcome.raised_s = _rounded(receiver.wait(cause.alarm, "firing", since=begin, seconds=cause.within_s))
            if outcome.raised_s is None:
                outcome.remark = f"not raised within {cause.within_s:g} s"
                return outcome
        end = time.monotonic()
        outcome.cleared_s = _rounded(
            receiver.wait(cause.alarm, "resolved", since=begin, seconds=end - begin + cause.clear_s)
        )
        if outcome.cleared_s is None:
            outcome.remark = f"not cleared within {cause.clear_s:g} s"
        else:
            outcome.cleared_s = round(outcome.cleared_s - (end - begin), 1)
    except LookupError as error:
        outcome.remark = f"not caused: {error}"
    except Exception as error:
        outcome.remark = f"{type(error).__name__}: {error}"  # the others are still of interest
    return outcome


def _rounded(seconds: float | None) -> float | None:
    return None if seconds is None else round(seconds, 1)


def _show(outcomes: Sequence[Outcome]) -> None:
    table = Table("alarm", "cause", "to receiver, s", "to clear, s", "", box=None, pad_edge=False)
    for one in outcomes:
        seconds = ("-" if value is None else f"{value:.0f}" for value in (one.raised_s, one.cleared_s))
        table.add_row(one.alarm, one.cause, *seconds, one.remark)
    _console.print(table)


def _keep(outcomes: Sequence[Outcome]) -> None:
    _OUTPUT.parent.mkdir(exist_ok=True)
    _OUTPUT.write_text(json.dumps([asdict(one) for one in outcomes], indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
