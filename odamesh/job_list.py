"""The list of jobs as a table that is readable at 80 columns."""

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from mesh.states import JobState, UnitState
from odamesh.instrument_client import short_name
from odamesh.job import Job
from odamesh.job_record import SHORT_ID
from odamesh.progress import Progress

_COLOURS = {JobState.COMPLETED: "green", JobState.ERROR: "red", JobState.ABORTED: "magenta"}


def job_table(jobs: Sequence[Job], *, whole: bool) -> Table:
    """Return jobs as a table, newest first.

    Args:
        jobs: to list.
        whole: with whole ids, users and reasons, for a pipe; else what fits beside each other in a terminal.
    """
    table = Table(box=None, pad_edge=False, header_style="dim", expand=not whole)
    digits = None if whole else telling_digits([job.id for job in jobs])
    for name in ("id", "state", "product", "units", "submitted"):
        table.add_column(name, no_wrap=True)
    if whole:
        table.add_column("user", no_wrap=True)
    table.add_column("note", no_wrap=True, overflow="ellipsis", ratio=1)
    for job in jobs:
        view = job.view
        state = Text("PARTIAL" if view.partial else view.state.value, style=_COLOURS.get(view.state, "yellow"))
        product = short_name(view.instrument, view.product)
        asked = view.instrument if product == view.instrument else f"{view.instrument} {product}"
        submitted = view.submitted[:16].replace("T", " ")
        cells: list[str | Text] = [job.id[:digits], state, asked, _units(job), submitted if whole else submitted[5:]]
        table.add_row(*cells, *([view.user] if whole else []), _note(job, whole=whole))
    return table


def telling_digits(ids: Sequence[str]) -> int:
    """Return how many first digits tell these ids apart, at least `SHORT_ID`."""
    digits = SHORT_ID
    while len({one[:digits] for one in ids}) < len(set(ids)):
        digits += 1
    return digits


def _units(job: Job) -> str:
    view = job.view
    failed = view.counts.get(UnitState.FAILED, 0)
    counted = f"{Progress(view).settled}/{view.total}" if view.total else "-"
    return f"{counted} {failed} bad" if failed else counted


def _note(job: Job, *, whole: bool) -> str:
    failure = job.view.failure
    if failure is not None:
        return f"{failure.reason}: {failure.text}" if whole else failure.reason
    return job.waits or job.view.about
