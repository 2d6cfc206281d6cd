"""A progress bar for programs and notebooks that wait for a job; silent where nobody looks."""

import time

from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn

from odamesh.estimate import Estimate, in_words
from odamesh.job import Job


def somebody_looks() -> bool:
    """Say whether there is a terminal or a notebook to draw in."""
    console = Console(stderr=True)
    return console.is_jupyter or console.is_terminal


def wait_with_bar(job: Job) -> None:
    """Draw the progress of a job until it has ended; its id comes first, so that it can be found again."""
    console = Console(stderr=True)
    console.print(f"Job {job.id}", markup=False, highlight=False)
    bar = Progress(TextColumn("{task.description}"), BarColumn(), TextColumn("{task.fields[note]}"), console=console)
    estimate = Estimate()
    with bar:
        task = bar.add_task(job.view.product, total=None, note="")
        for progress in job.watch():
            view = progress.view
            remaining = estimate.update(progress, time.monotonic())
            left = f", {in_words(remaining)} left" if remaining is not None and not progress.ended else ""
            note = view.waits or (f"{progress.settled} of {view.total}{left}" if view.total else view.state.value)
            bar.update(task, total=view.total or None, completed=progress.settled, note=note)
