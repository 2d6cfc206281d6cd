"""Draws a job: progress bar, counts, and the table science window x step."""

from collections.abc import Iterable, Sequence

from rich.console import Group, RenderableType
from rich.progress_bar import ProgressBar
from rich.table import Table
from rich.text import Text

from mesh.contracts import UnitRow
from mesh.states import JobState, UnitState
from odamesh.progress import Progress

_COLOURS = {
    UnitState.WAITING: "dim",
    UnitState.QUEUED: "blue",
    UnitState.RUNNING: "yellow",
    UnitState.CACHED: "cyan",
    UnitState.DONE: "green",
    UnitState.FAILED: "red",
    UnitState.CANCELLED: "magenta",
}
_JOB_COLOURS = {JobState.COMPLETED: "green", JobState.ERROR: "red", JobState.ABORTED: "magenta"}
# What a large job shows first: what runs, what failed, then what is next.
_INTEREST = (
    UnitState.RUNNING,
    UnitState.FAILED,
    UnitState.CANCELLED,
    UnitState.QUEUED,
    UnitState.DONE,
    UnitState.CACHED,
    UnitState.WAITING,
)
_FRAME_LINES = 8
"""Lines that are not rows: head, bar, the heads of the tables, what is left out, and some air."""
_LEAST_ROWS = 5

_MARKS = {"done": "●", "running": "▶", "failed": "✗", "cached": "○", "open": "·"}
_PLAIN_MARKS = {"done": "#", "running": ">", "failed": "x", "cached": "o", "open": "."}


def draw(progress: Progress, height: int, *, plain: bool = False, left: str = "") -> RenderableType:
    """Return the picture of a job.

    Args:
        progress: where the job stands.
        height: lines of the terminal; only so many rows are drawn, what is going on first.
        plain: use ASCII marks.
        left: how long it still takes, in words.
    """
    view = progress.view
    parts: list[RenderableType] = [head(progress)]
    if view.total:
        line = Table.grid(padding=(0, 2))
        line.add_row(ProgressBar(total=view.total, completed=progress.settled, width=40), counts(progress), left)
        parts.append(line)
    if view.waits:
        parts.append(Text(f"waits: {view.waits}", style="yellow"))
    room = max(_LEAST_ROWS, height - _FRAME_LINES - bool(view.waits))
    chosen = choose(progress.rows.values(), room)
    for stage, steps in view.steps.items():
        if rows := [row for row in chosen if row.stage == stage]:
            parts.append(_table(stage, steps, rows, _PLAIN_MARKS if plain else _MARKS))
    if hidden := len(progress.rows) - len(chosen):
        parts.append(Text(f"and {hidden} more, counted above", style="dim"))
    return Group(*parts)


def head(progress: Progress) -> Text:
    """Return the first line: product, job, state."""
    view = progress.view
    line = Text.assemble((view.product, "bold"), "  job ", view.job_id, "  ")
    line.append(view.state.value, style=_JOB_COLOURS.get(view.state, "yellow"))
    return line


def counts(progress: Progress) -> Text:
    """Return the line with the number of units in each state."""
    view = progress.view
    line = Text(f"{progress.settled} of {view.total}")
    for state in UnitState:
        if number := view.counts.get(state, 0):
            line.append("  ")
            line.append(f"{number} {state.value}", style=_COLOURS[state])
    return line


def choose(rows: Iterable[UnitRow], room: int) -> list[UnitRow]:
    """Return at most *room* rows, the most interesting ones, in the order of their labels."""
    everything = list(rows)
    if len(everything) > room:
        everything = sorted(everything, key=lambda row: (_INTEREST.index(row.state), row.label))[:room]
    return sorted(everything, key=lambda row: row.label)


def marks(row: UnitRow, steps: Sequence[str], signs: dict[str, str] = _MARKS) -> list[str]:
    """Return one mark for each step of a row."""
    if row.state in {UnitState.DONE, UnitState.CACHED}:
        return [signs["done" if row.state is UnitState.DONE else "cached"]] * len(steps)
    at = steps.index(row.step) if row.step in steps else -1
    found = [signs["done"] if index < at else signs["open"] for index in range(len(steps))]
    if at >= 0 and row.state in {UnitState.RUNNING, UnitState.FAILED}:
        found[at] = signs[row.state.value]
    return found


def _table(stage: str, steps: Sequence[str], rows: Sequence[UnitRow], signs: dict[str, str]) -> Table:
    table = Table(box=None, pad_edge=False, header_style="dim")
    table.add_column(stage, no_wrap=True)
    for step in steps:
        table.add_column(step, justify="center", no_wrap=True)
    table.add_column("", no_wrap=True)
    table.add_column("s", justify="right", no_wrap=True)
    table.add_column("", overflow="ellipsis", no_wrap=True)
    for row in rows:
        colour = _COLOURS[row.state]
        state = row.state.value + (f", try {row.attempt}" if row.attempt > 1 else "")
        seconds = f"{row.seconds:.1f}" if row.seconds is not None else ""
        note = row.failure.reason if row.failure else "; ".join(row.warnings)
        cells = [Text(mark, style=colour) for mark in marks(row, steps, signs)]
        table.add_row(row.label, *cells, Text(state, style=colour), seconds, Text(note, style="dim"))
    return table
