"""Runs drills: `python -m tests.chaos [--runs N] [--only WORDS]`; prints a table, keeps chaos-output/chaos.json.

Exit status 1 if anything was lost, done twice or not as promised.
"""

import argparse
import json
import sys
import time
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from tests.chaos.audited import AUDIT
from tests.chaos.catalogue import DRILLS
from tests.chaos.drill import Setting
from tests.chaos.result import Result
from tests.chaos.settings import ground_in

_OUTPUT = Path("chaos-output/chaos.json")
_RUNS = 5
_console = Console(width=None if sys.stdout.isatty() else 140)


def main() -> int:
    """Run what the command line asks for."""
    parser = argparse.ArgumentParser(description="Failure drills on the mesh of the stack that the environment names.")
    parser.add_argument("--runs", type=int, default=_RUNS, help="how often each drill is run")
    parser.add_argument("--only", default="", help="only drills whose name has these words")
    parser.add_argument("--quick", action="store_true", help="only those that `make test` runs")
    chosen = parser.parse_args()
    drills = [one for one in DRILLS if chosen.only in one.name and (one.quick or not chosen.quick)]
    results = [Result(one) for one in (*drills, AUDIT)]
    _run(results, chosen.runs)
    _show(results)
    _keep(results)
    return 0 if all(result.good for result in results) else 1


def _run(results: Sequence[Result], runs: int) -> None:
    """Run all drills of one setting after another; the last of the results is that of the audit after each round."""
    *drilled, audited = results
    for setting in Setting:
        wanted = [result for result in drilled if result.drill.setting is setting]
        if not wanted:
            continue
        try:
            with ground_in(setting) as ground:
                # Round by round: a process that was killed is not killed again at once.
                for number in range(runs):
                    for result in (*wanted, audited):
                        begin = time.monotonic()
                        result.run(ground)
                        word = "good" if result.good else "NOT GOOD"
                        _console.print(
                            f"{result.drill.name}, run {number + 1}: {word}, {time.monotonic() - begin:.1f} s",
                            highlight=False,
                        )
                    _keep(results)
        except LookupError as error:
            for result in wanted:
                result.skipped = str(error)
        except Exception as error:
            # The other settings are still of interest.
            for result in wanted:
                result.complaints.append(f"{setting.value}: {type(error).__name__}: {error}")


def _show(results: Sequence[Result]) -> None:
    table = Table("drill", "runs", "lost", "doubled", "recovery s", "", box=None, pad_edge=False)
    for result in results:
        recovery = "-" if result.recovery_s is None else f"{result.recovery_s:.1f}"
        remark = f"not run: {result.skipped}" if result.skipped else "" if result.good else "NOT GOOD"
        table.add_row(result.drill.name, str(result.runs), str(result.lost), str(result.doubled), recovery, remark)
    _console.print(table)
    for result in results:
        for complaint in result.complaints:
            _console.print(f"{result.drill.name}: {complaint}", highlight=False, markup=False)


def _keep(results: Sequence[Result]) -> None:
    rows = [
        {
            "drill": result.drill.name,
            "runs": result.runs,
            "lost": result.lost,
            "doubled": result.doubled,
            "recovery_s": result.recovery_s,
        }
        for result in results
    ]
    _OUTPUT.parent.mkdir(exist_ok=True)
    _OUTPUT.write_text(json.dumps(rows, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    sys.exit(main())
