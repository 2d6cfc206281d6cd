"""Commands on jobs: submit, watch, get, log, jobs, cancel, delete."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from mesh.states import JobState, UnitState, job_is_final
from odamesh.client import IncompleteSelection, Mesh, ProductClient, connect, selection
from odamesh.errors import MeshUnavailable, OdameshError, RequestRefused, TooMuchWaiting
from odamesh.exit_status import ExitStatus
from odamesh.follow_job import follow_job, say, tell_outcome
from odamesh.job import Job, Progress
from odamesh.request_options import WrongOption, read_bands, read_scws, read_settings
from odamesh.transport import DEFAULT_URL

_PIPE_WIDTH = 200
"""What reads a pipe wants whole lines."""

Url = Annotated[str, typer.Option("--url", envvar="ODAMESH_URL", help="address of the gateway")]
JobId = Annotated[str, typer.Argument(metavar="ID", help="id of the job")]


def submit(
    *,
    instrument: Annotated[str | None, typer.Argument(help="e.g. isgri")] = None,
    product: Annotated[str | None, typer.Argument(help="e.g. image")] = None,
    again: Annotated[
        str | None, typer.Option(metavar="JOB|KEY", help="an earlier job, or a request, instead of all the rest")
    ] = None,
    scw: Annotated[list[str] | None, typer.Option(help="science window; repeatable")] = None,
    scw_file: Annotated[Path | None, typer.Option(help="file with one science window a line; - reads stdin")] = None,
    t1: Annotated[str | None, typer.Option(help="start, UTC, e.g. 2018-10-29T00:00:00")] = None,
    t2: Annotated[str | None, typer.Option(help="end, UTC")] = None,
    ra: Annotated[float | None, typer.Option(help="centre of a cone [deg]")] = None,
    dec: Annotated[float | None, typer.Option(help="centre of a cone [deg]")] = None,
    radius: Annotated[float | None, typer.Option(help="radius of the cone [deg]")] = None,
    max_pointings: Annotated[int | None, typer.Option(help="at most so many windows of a selection by time")] = None,
    band: Annotated[list[str] | None, typer.Option(help="energy band LOW-HIGH [keV]; repeatable")] = None,
    settings: Annotated[list[str] | None, typer.Option("--set", help="parameter as name=value; repeatable")] = None,
    lane: Annotated[str, typer.Option(help="priority: alert, user or batch")] = "user",
    user: Annotated[str | None, typer.Option(envvar="ODAMESH_USER", help="whose job it is")] = None,
    watch: Annotated[bool, typer.Option(help="follow the job up to its end")] = True,
    url: Url = DEFAULT_URL,
) -> None:
    """Have an analysis done, and follow it."""
    console = Console()
    with _errors(), connect(url) as mesh:
        if again is not None:
            if instrument is not None or scw or scw_file or t1 or band or settings:
                raise WrongOption("--again repeats the whole request: leave instrument, windows and parameters out")
            _follow(mesh.again(again, lane=lane, user=user), console, watch=watch)
            return
        if instrument is None or product is None:
            raise WrongOption("name an instrument and a product, e.g. isgri image, or an earlier job with --again")
        region = selection(
            scws=read_scws(scw or (), scw_file),
            t1=t1,
            t2=t2,
            ra=ra,
            dec=dec,
            radius=radius,
            max_pointings=max_pointings,
        )
        chosen = _product(mesh, instrument, product)
        types = {name: str(entry["type"]) for name, entry in chosen.parameters.items()} if chosen else {}
        parameters = read_settings(settings or (), types)
        if band:
            if "bands" in parameters:
                raise WrongOption("give the bands either with --band or with --set bands=..., not with both")
            parameters["bands"] = read_bands(band)
        # The gateway explains unknown instruments and products.
        full_name = chosen.name if chosen else product
        job = mesh.submit(instrument, full_name, region, parameters, lane=lane, user=user)
        _follow(job, console, watch=watch)


def watch(job_id: JobId, url: Url = DEFAULT_URL) -> None:
    """Follow a job up to its end; Ctrl-C leaves it running."""
    with _errors(), connect(url) as mesh:
        raise typer.Exit(follow_job(mesh.job(job_id), Console()))


def get(
    job_id: JobId,
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="default: the first 12 digits of ID")
    ] = None,
    windows: Annotated[
        bool, typer.Option("--windows", help="Also the products of each science window, not the merged ones alone.")
    ] = False,
    source: Annotated[
        str | None, typer.Option(help="Only the files of this source, and those that all sources share.")
    ] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Save the products of a job."""
    console = Console()
    with _errors(), connect(url) as mesh:
        job = mesh.job(job_id)
        if not job.products and not (windows and job_is_final(job.state)):
            status = tell_outcome(job, console)
            if job_is_final(job.state) and status == ExitStatus.DONE:
                say(console, f"Job {job.id} has no products.")
            raise typer.Exit(ExitStatus.FAILED)
        for path in job.downloads(directory or Path(job.id[:12]), windows=windows, source=source):
            say(console, str(path))
        if job.state is JobState.ERROR:
            failure = job.view.failure
            say(console, f"error: {failure.reason}: {failure.text}" if failure else "error: the job failed", "red")
            raise typer.Exit(ExitStatus.FAILED)
        if job.partial:
            say(console, "partial: some windows gave nothing; see them with: odamesh watch " + job.id, "yellow")
            raise typer.Exit(ExitStatus.PARTIAL)


def log(
    job_id: JobId,
    scw: Annotated[str, typer.Argument(metavar="SCW", help="science window, or job for the merge")],
    stage: Annotated[str | None, typer.Option(help="default: the first stage that has the window")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="go on until the unit has ended")] = False,
    url: Url = DEFAULT_URL,
) -> None:
    """Show what the analysis of one window wrote; with --follow while it runs."""
    with _errors(), connect(url) as mesh:
        job = mesh.job(job_id)
        for text in job.follow_log(scw, stage) if follow else [job.log(scw, stage)]:
            # As it was written: no markup, no colours, no line breaks of ours.
            print(text, end="", flush=True)


def jobs(
    user: Annotated[str | None, typer.Option(envvar="ODAMESH_USER", help="only this user's")] = None,
    limit: Annotated[int, typer.Option(min=1, help="how many")] = 20,
    url: Url = DEFAULT_URL,
) -> None:
    """List the newest jobs."""
    console = Console()
    if not console.is_terminal:
        console.width = _PIPE_WIDTH
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("id", "state", "product", "units", "submitted"):
        table.add_column(name, no_wrap=True, min_width=32 if name == "id" else None)
    table.add_column("user", no_wrap=True, ratio=1)
    with _errors(), connect(url) as mesh:
        for job in mesh.jobs(user, limit):
            view = job.view
            units = f"{Progress(view).settled}/{view.total}"
            if failed := view.counts.get(UnitState.FAILED, 0):
                units += f", {failed} failed"
            submitted = view.submitted[:16].replace("T", " ")
            table.add_row(view.job_id, view.state.value, view.product, units, submitted, view.user)
        console.print(table)


def cancel(job_id: JobId, url: Url = DEFAULT_URL) -> None:
    """Cancel a job; what other jobs wait for goes on."""
    with _errors(), connect(url) as mesh:
        job = mesh.job(job_id)
        if job_is_final(job.state):
            raise OdameshError(f"job {job.id} is {job.state.value}: only a job that has not ended can be cancelled")
        job.cancel()
        say(Console(), f"Job {job.id} is being cancelled.")


def delete(job_id: JobId, url: Url = DEFAULT_URL) -> None:
    """Delete a job, after a cancel if it has not ended; its request and its products stay."""
    with _errors(), connect(url) as mesh:
        job = mesh.job(job_id)
        key = job.view.request_key
        job.delete()
        say(Console(), f"Job {job.id} is being deleted. The same again: odamesh submit --again {key}")


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (submit, watch, get, log, jobs, cancel, delete):
        app.command()(command)


def _follow(job: Job, console: Console, *, watch: bool) -> None:
    if watch:
        raise typer.Exit(follow_job(job, console))
    say(console, f"Job {job.id} is on its way. Follow it with: odamesh watch {job.id}")


def _product(mesh: Mesh, instrument: str, product: str) -> ProductClient | None:
    """Return a product by its short or full name, or None."""
    known = mesh.instruments.get(instrument)
    found = known.products.values() if known else ()
    return next((entry for entry in found if product in {entry.name, entry.short_name}), None)


@contextmanager
def _errors() -> Iterator[None]:
    """Turn exceptions into a clear line and an exit status: 1 error, 2 usage, 130 Ctrl-C."""
    console = Console(stderr=True)
    try:
        yield
    except (RequestRefused, IncompleteSelection, WrongOption) as error:
        entries = error.errors if isinstance(error, RequestRefused) else ()
        for text in [entry.detail for entry in entries] or [str(error)]:
            say(console, f"error: {text}", "red")
        raise typer.Exit(ExitStatus.USAGE) from error
    except (MeshUnavailable, TooMuchWaiting) as error:
        say(console, f"error: {error}", "red")
        raise typer.Exit(ExitStatus.UNAVAILABLE) from error
    except (OdameshError, OSError) as error:
        say(console, f"error: {error}", "red")
        raise typer.Exit(ExitStatus.FAILED) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(ExitStatus.INTERRUPTED) from error
