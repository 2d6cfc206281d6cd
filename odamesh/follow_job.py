"""Shows a job in the terminal until it has ended; Ctrl-C leaves the job running."""

import json
import sys
import time

from rich.console import Console
from rich.live import Live

from mesh.states import JobState
from odamesh.command_line import say
from odamesh.estimate import Estimate, in_words
from odamesh.exit_status import ExitStatus
from odamesh.job import Job
from odamesh.live_table import counts, draw, head
from odamesh.progress import Progress

_WARNINGS = 20
_LINE_SECONDS = 2.0
_STATUS = {JobState.ERROR: ExitStatus.FAILED, JobState.ABORTED: ExitStatus.CANCELLED}


def status_of(job: Job) -> ExitStatus:
    """Return the exit status that says how a job stands."""
    if job.partial:
        return ExitStatus.PARTIAL
    return _STATUS.get(job.state, ExitStatus.DONE)


def follow_job(job: Job, console: Console) -> ExitStatus:
    """Show a job live up to its end, then its outcome; return the exit status of the command."""
    try:
        if console.is_terminal:
            _draw_live(job, console)
        else:
            _write_lines(job, console)
    except KeyboardInterrupt:
        say(console, f"\nJob {job.id} goes on. Come back with: odamesh watch {job.id}")
        return ExitStatus.INTERRUPTED
    return tell_outcome(job, console)


def follow_json(job: Job) -> ExitStatus:
    """Print the record of a job as one line of JSON whenever it changed, up to its end; return the exit status."""
    told = ""
    try:
        for _ in job.watch():
            line = json.dumps(job.to_dict(), ensure_ascii=False)
            if line != told:
                print(line, flush=True)
                told = line
    except KeyboardInterrupt:
        print(f"Job {job.id} goes on. Come back with: odamesh watch {job.id}", file=sys.stderr)
        return ExitStatus.INTERRUPTED
    return status_of(job)


def tell_outcome(job: Job, console: Console) -> ExitStatus:
    """Print how a job ended and what to do next; return the exit status."""
    # What the failure says is said once.
    warnings = [warning for warning in job.warnings if warning not in job.reason]
    for warning in warnings[:_WARNINGS]:
        say(console, f"warning: {warning}", "yellow")
    total = max(job.view.warnings_total - (len(job.warnings) - len(warnings)), len(warnings))
    if (more := total - _WARNINGS) > 0:
        say(console, f"and {more} more warnings: {job.address}", "yellow")
    match job.state:
        case JobState.COMPLETED:
            if job.partial:
                say(console, "partial: some windows gave nothing, see the warnings", "yellow")
            _list_products(job, console)
        case JobState.ERROR:
            say(console, f"error: {job.reason}", "red")
            if job.view.products:
                _list_products(job, console)
        case JobState.ABORTED:
            say(console, job.view.end_reason or f"Job {job.id} was cancelled.")
        case state:
            waits = f": {job.waits}" if job.waits else ""
            say(console, f"Job {job.id} is {state.value}{waits}. Follow it with: odamesh watch {job.id}")
    return status_of(job)


def _list_products(job: Job, console: Console) -> None:
    if not job.view.products:
        say(console, f"Job {job.id} has no products.")
        return
    for product in job.view.products[:_WARNINGS]:
        files = ", ".join(file.name for file in product.files)
        say(console, f"{product.stage} {product.label}: {files}")
    say(console, f"Save them with: odamesh get {job.id}")


def _draw_live(job: Job, console: Console) -> None:
    plain = not console.encoding.lower().startswith("utf")
    estimate = Estimate()
    with Live(console=console, refresh_per_second=8, vertical_overflow="crop") as live:
        for progress in job.watch():
            estimate.update(progress, time.monotonic())
            live.update(draw(progress, console.height, plain=plain, left=_left(progress, estimate)))


def _write_lines(job: Job, console: Console) -> None:
    """Write a line when the counts changed, not more often than every two seconds: for logs."""
    told, last = "", 0.0
    progress = Progress(job.view)
    estimate = Estimate()
    for progress in job.watch():
        estimate.update(progress, time.monotonic())
        line = _line(progress)
        if line != told and time.monotonic() - last >= _LINE_SECONDS:
            left = _left(progress, estimate)
            say(console, f"{line}  {left}" if left else line)
            told, last = line, time.monotonic()
    if _line(progress) != told:
        say(console, _line(progress))


def _left(progress: Progress, estimate: Estimate) -> str:
    known = estimate.remaining_s is not None and not progress.ended
    return f"{in_words(estimate.remaining_s or 0.0)} left" if known else ""


def _line(progress: Progress) -> str:
    view = progress.view
    counted = counts(progress).plain if view.total else ""
    waits = f"({view.waits})" if view.waits else ""
    return "  ".join(part for part in (head(progress).plain, counted, waits) if part)
