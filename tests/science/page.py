"""Writes docs/bars.md, every bar of one whole run of `make science` with its figure and limit: `make bars`."""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

_ROOT = Path(__file__).resolve().parents[2]
_RUN = _ROOT / "science-output" / "bars.json"
PAGE = _ROOT / "docs" / "bars.md"
_HEAD = """# Bars of accuracy

Every figure of one whole run of `make science`, which ended on {day}: {held} of {all} bars hold. `make bars` makes
this page of `science-output/bars.json`. How each is measured, and what it was before, stands in
[science](science.md); bars without a number are measures beside those of the list.

| bar | what | figure | limit | holds |
| --- | --- | --- | --- | --- |
"""
_UNEXPLAINED = "No reason is known: its test failed"
_MISSED = "\n## Bars that do not hold, and why\n\n"


def page(bars: Sequence[dict[str, Any]], day: str) -> str:
    """Return the page of the bars of a run, by number, those without one last.

    Args:
        bars: entries of `tests.science.bars.BarRecord`.
        day: when the run ended, such as 2026-11-30.
    """
    ordered = sorted(bars, key=_number)
    missed = [bar for bar in ordered if not bar["holds"]]
    text = _HEAD.format(day=day, held=len(bars) - len(missed), all=len(bars)) + "".join(map(_row, ordered))
    if missed:
        text += _MISSED + "".join(map(_why, missed))
    return text


def _number(bar: dict[str, Any]) -> float:
    name = bar["bar"]
    return float("inf") if name == "-" else float(name.removeprefix("B-"))


def _row(bar: dict[str, Any]) -> str:
    cells = (bar["bar"], bar["what"], _figure(bar["figure"]), bar["limit"], "yes" if bar["holds"] else "**no**")
    return "| " + " | ".join(map(_plain, cells)) + " |\n"


def _why(bar: dict[str, Any]) -> str:
    name = bar["what"] if bar["bar"] == "-" else f"{bar['bar']} {bar['what']}"
    return f"- {_plain(name)}: {_figure(bar['figure'])}. {bar.get('reason', _UNEXPLAINED)}.\n"


def _figure(figure: Any) -> str:
    if isinstance(figure, dict):
        return ", ".join(f"{name} {_figure(value)}" for name, value in figure.items())
    return ", ".join(map(_figure, figure)) if isinstance(figure, list) else str(figure)


def _plain(cell: str) -> str:
    return cell.replace("|", "\\|").replace("\n", " ")


if __name__ == "__main__":
    ended = datetime.fromtimestamp(_RUN.stat().st_mtime, UTC).date().isoformat()
    PAGE.write_text(page(json.loads(_RUN.read_text(encoding="utf-8")), ended), encoding="utf-8")
