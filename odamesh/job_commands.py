"""Commands on jobs: submit, watch, get, jobs, cancel."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from mesh.states import job_is_final
from odamesh.client import IncompleteSelection, Mesh, connect, selection
from odamesh.errors import OdameshError, RequestRefused
from odamesh.follow_job import INTERRUPTED, follow_job, say, tell_outcome
from odamesh.request_options import WrongOption, read_bands, read_scws, read_settings
from odamesh.transport import DEFAULT_URL

_USAGE = 2

Url = Annotated[str, typer.Option("--url", envvar="ODAMESH_URL", help="address of the gateway")]
JobId = Annotated[str, typer.Argument(metavar="ID", help="id of the job")]


def submit(
    *,
    instrument: Annotated[str, typer.Argument(help="e.g. isgri")],
    product: Annotated[str, typer.Argument(help="e.g. image")],
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
    lane: Annotated[str, typer.Option(help="priority: user or batch")] = "user",
    user: Annotated[str | None, typer.Option(envvar="ODAMESH_USER", help="whose job it is")] = None,
    watch: Annotated[bool, typer.Option(help="follow the job up to its end")] = True,
    url: Url = DEFAULT_URL,
) -> None:
    """Have an analysis done, and follow it."""
    console = Console()
    with _errors(), connect(url) as mesh:
        region = selection(
            scws=read_scws(scw or (), scw_file),
            t1=t1,
            t2=t2,
            ra=ra,
            dec=dec,
            radius=radius,
            max_pointings=max_pointings,
        )
        parameters = read_settings(settings or ())
        if band:
            if "bands" in parameters:
                raise WrongOption("give the bands either with --band or with --set bands=..., not with both")
            parameters["bands"] = read_bands(band)
        full_name = _product_name(mesh, instrument, product)
        job = mesh.submit(instrument, full_name, region, parameters, lane=lane, user=user)
        if watch:
            raise typer.Exit(follow_job(job, console))
        say(console, f"Job {job.id} is on its way. Follow it with: odamesh watch {job.id}")


def watch(job_id: JobId, url: Url = DEFAULT_URL) -> None:
    """Follow a job up to its end; Ctrl-C leaves it running."""
    with _errors(), connect(url) as mesh:
        raise typer.Exit(follow_job(mesh.job(job_id), Console()))


def get(
    job_id: JobId,
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="default: the first 12 digits of ID")
    ] = None,
    url: Url = DEFAULT_URL,
) -> None:
    """Save the products of a job."""
    console = Console()
    with _errors(), connect(url) as mesh:
        job = mesh.job(job_id)
        if not job.products:
            status = tell_outcome(job, console)
            if job_is_final(job.state) and status == 0:
                say(console, f"Job {job.id} has no products.")
            raise typer.Exit(1)
        for path in job.downloads(directory or Path(job.id[:12])):
            say(console, str(path))


def jobs(
    user: Annotated[str | None, typer.Option(envvar="ODAMESH_USER", help="only this user's")] = None,
    limit: Annotated[int, typer.Option(min=1, help="how many")] = 20,
    url: Url = DEFAULT_URL,
) -> None:
    """List the newest jobs."""
    table = Table(box=None, pad_edge=False, header_style="dim")
    for name in ("id", "product", "state", "units", "user", "submitted"):
        table.add_column(name, no_wrap=True)
    with _errors(), connect(url) as mesh:
        for job in mesh.jobs(user, limit):
            view = job.view
            counts = ", ".join(f"{number} {state.value}" for state, number in view.counts.items() if number)
            table.add_row(view.job_id, view.product, view.state.value, counts, view.user, view.submitted)
        Console().print(table)


def cancel(job_id: JobId, url: Url = DEFAULT_URL) -> None:
    """Cancel a job; what other jobs wait for goes on."""
    with _errors(), connect(url) as mesh:
        job = mesh.job(job_id)
        if job_is_final(job.state):
            raise OdameshError(f"job {job.id} is {job.state.value}: only a job that has not ended can be cancelled")
        job.cancel()
        say(Console(), f"Job {job.id} is being cancelled.")


def add_to(app: typer.Typer) -> None:
    """Add the commands to the application."""
    for command in (submit, watch, get, jobs, cancel):
        app.command()(command)


def _product_name(mesh: Mesh, instrument: str, product: str) -> str:
    """Return the full name of a product given by its short name; the gateway explains unknown ones."""
    known = mesh.instruments.get(instrument)
    found = known.products.get(product) if known else None
    return found.name if found else product


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
        raise typer.Exit(_USAGE) from error
    except (OdameshError, OSError) as error:
        say(console, f"error: {error}", "red")
        raise typer.Exit(1) from error
    except KeyboardInterrupt as error:
        raise typer.Exit(INTERRUPTED) from error
