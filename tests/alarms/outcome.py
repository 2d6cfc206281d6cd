"""What came of causes: a table for people, a file for programs."""

import json
import sys
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from rich.console import Console
from rich.table import Table

NOT_CAUSED = "not caused: "
_OUTPUT = Path("alarms-output/alarms.json")
_console = Console(width=None if sys.stdout.isatty() else 140)


@dataclass
class Outcome:
    """What came of one alarm."""

    alarm: str
    cause: str
    raised_s: float | None = None
    """Seconds from the cause to the receiver."""
    cleared_s: float | None = None
    """Seconds from the beginning of the mending to the receiver."""
    remark: str = ""

    @property
    def good(self) -> bool:
        """Whether the receiver was told in time, or this machine lacks what the cause needs."""
        return self.remark == "" or self.remark.startswith(NOT_CAUSED)


def show_one(outcome: Outcome) -> None:
    """Print one as soon as it is known."""
    told = f"raised {_seconds(outcome.raised_s)}, cleared {_seconds(outcome.cleared_s)} {outcome.remark}"
    _console.print(f"{outcome.alarm} ({outcome.cause}): {told}", highlight=False, markup=False)


def show_all(outcomes: Sequence[Outcome]) -> None:
    """Print the table."""
    table = Table("alarm", "cause", "to receiver, s", "to clear, s", "", box=None, pad_edge=False)
    for one in outcomes:
        table.add_row(one.alarm, one.cause, _seconds(one.raised_s), _seconds(one.cleared_s), one.remark)
    _console.print(table)


def keep(outcomes: Sequence[Outcome]) -> None:
    """Write the file."""
    _OUTPUT.parent.mkdir(exist_ok=True)
    _OUTPUT.write_text(json.dumps([asdict(one) for one in outcomes], indent=1) + "\n", encoding="utf-8")


def _seconds(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
