"""Shows a job in the terminal until it has ended; Ctrl-C leaves the job running."""

import time

from rich.console import Console
from rich.live import Live

from mesh.states import JobState
from odamesh.exit_status import ExitStatus
from odamesh.job import Job, Progress
from odamesh.live_table import counts, draw, head

_WARNINGS = 20
_LINE_SECONDS = 2.0


def follow_job(job: Job, console: Console) -> int:
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


def tell_outcome(job: Job, console: Console) -> int:
    """Print how a job ended and what to do next; return the exit status."""
    for warning in job.warnings[:_WARNINGS]:
        say(console, f"warning: {warning}", "yellow")
    if (more := max(job.view.warnings_total, len(job.warnings)) - _WARNINGS) > 0:
        say(console, f"and {more} more warnings: {job.link}", "yellow")
    match job.state:
        case JobState.COMPLETED:
            if job.partial:
                say(console, "partial: some windows gave nothing, see the warnings", "yellow")
            _list_products(job, console)
            return ExitStatus.PARTIAL if job.partial else ExitStatus.DONE
        case JobState.ERROR:
            failure = job.view.failure
            text = f"{failure.reason}: {failure.text}" if failure else "no product came out"
            say(console, f"error: {text}", "red")
            if job.view.products:
                _list_products(job, console)
            return ExitStatus.FAILED
        case JobState.ABORTED:
            say(console, f"Job {job.id} was cancelled.")
            return ExitStatus.CANCELLED
        case state:
            waits = f": {job.waits}" if job.waits else ""
            say(console, f"Job {job.id} is {state.value}{waits}. Follow it with: odamesh watch {job.id}")
            return ExitStatus.DONE


def _list_products(job: Job, console: Console) -> None:
    for product in job.view.products[:_WARNINGS]:
        files = ", ".join(file.name for file in product.files)
        say(console, f"{product.stage} {product.label}: {files}")
    say(console, f"Save them with: odamesh get {job.id}")


def say(console: Console, text: str, style: str | None = None) -> None:
    """Print a line as it is: brackets are brackets, and the terminal breaks it, so that commands can be copied."""
    console.print(text, style=style, markup=False, highlight=False, soft_wrap=True)


def _draw_live(job: Job, console: Console) -> None:
    plain = not console.encoding.lower().startswith("utf")
    with Live(console=console, refresh_per_second=8, vertical_overflow="crop") as live:
        for progress in job.watch():
            live.update(draw(progress, console.height, plain=plain))


def _write_lines(job: Job, console: Console) -> None:
    """Write a line when the counts changed, not more often than every two seconds: for logs."""
    told, last = "", 0.0
    progress = Progress(job.view)
    for progress in job.watch():
        line = _line(progress)
        if line != told and time.monotonic() - last >= _LINE_SECONDS:
            say(console, line)
            told, last = line, time.monotonic()
    if _line(progress) != told:
        say(console, _line(progress))


def _line(progress: Progress) -> str:
    view = progress.view
    parts = (
        head(progress).plain,
        counts(progress).plain if view.total else "",
        f"({view.waits})" if view.waits else "",
    )
    return "  ".join(part for part in parts if part)
