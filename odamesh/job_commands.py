"""Commands on jobs: watch, get, log, jobs, cancel, delete."""

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

from mesh.contracts import UnitRow
from mesh.states import JobState, UnitState, job_is_final
from odamesh.client import connect
from odamesh.command_line import AsJson, JobId, Url, console, errors, print_json, say
from odamesh.configuration import configured
from odamesh.errors import NoSuchThing, OdameshError, WrongValue
from odamesh.exit_status import ExitStatus
from odamesh.follow_job import follow_job, follow_json, status_of, tell_outcome
from odamesh.job import Job
from odamesh.job_list import job_table

_LINE_WIDTH = 10_000
"""What reads a pipe wants each job on one line, with its whole reason."""
_INTEREST = (UnitState.FAILED, UnitState.RUNNING, UnitState.DONE)
"""Whose log is shown where no window is named: what failed, else what runs, else what ended."""


class ArchiveForm(StrEnum):
    """What a job can be saved as, in one file."""

    ZIP = "zip"
    TAR = "tar"
    CRATE = "crate"


def watch(job_id: JobId, as_json: AsJson = False, url: Url = None) -> None:
    """Follow a job up to its end; Ctrl-C leaves it running."""
    with errors(), connect(url) as mesh:
        job = mesh.job(job_id)
        raise typer.Exit(follow_json(job) if as_json else follow_job(job, console()))


def get(
    *,
    job_id: JobId,
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Directory; by default the first 12 digits of the id.")
    ] = None,
    windows: Annotated[
        bool, typer.Option("--windows", help="Also the products of each science window, not the merged ones alone.")
    ] = False,
    source: Annotated[
        str | None, typer.Option(help="Only the files of this source, and those that all sources share.")
    ] = None,
    overwrite: Annotated[bool, typer.Option("--overwrite", help="Replace other files that are in the way.")] = False,
    archive: Annotated[
        ArchiveForm | None,
        typer.Option(help="Save one file: zip, tar, or crate, a Research Object with logs, provenance and programs."),
    ] = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Save the products of a job.

    Of a failed job, what came out on the way.
    """
    out = console()
    with errors(), connect(url) as mesh:
        job = mesh.job(job_id)
        if archive is not None:
            if windows or source is not None:
                raise WrongValue("--archive saves all products: leave --windows and --source out")
            path = job.archive(directory, form=archive.value, overwrite=overwrite)
            if as_json:
                print_json({**job.to_dict(), "files": [str(path)]})
            else:
                say(out, str(path))
            raise typer.Exit(status_of(job))
        if not job.products and not (windows and job_is_final(job.state)):
            if as_json:
                print_json({**job.to_dict(), "files": []})
            else:
                tell_outcome(job, out)
            raise typer.Exit(status_of(job) or ExitStatus.FAILED)
        saved = []
        for path in job.downloads(directory or Path(job.id[:12]), windows=windows, source=source, overwrite=overwrite):
            saved.append(str(path))
            if not as_json:
                say(out, str(path))
        if as_json:
            print_json({**job.to_dict(), "files": saved})
        elif job.state is JobState.ERROR:
            say(out, f"error: {job.reason}", "red")
        elif job.partial:
            say(out, f"partial: some windows gave nothing; see them with: odamesh watch {job.id}", "yellow")
        raise typer.Exit(status_of(job))


def log(
    *,
    job_id: JobId,
    scw: Annotated[
        str | None,
        typer.Argument(
            metavar="[SCW]",
            help="Science window, or job for the merge; by default the first that failed, runs or ended.",
        ),
    ] = None,
    stage: Annotated[str | None, typer.Option(help="Stage; by default the first that has the window.")] = None,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the unit has ended.")] = False,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show what the analysis of a window wrote."""
    with errors(), connect(url) as mesh:
        job = mesh.job(job_id)
        if scw is None:
            row = _of_most_interest(job)
            scw, stage = row.label, stage or row.stage
            print(f"{stage} {scw}, {row.state.value}:", file=sys.stderr)
        if as_json:
            print_json({"job_id": job.id, "label": scw, "stage": stage, "log": job.log(scw, stage)})
            return
        for text in job.follow_log(scw, stage) if follow else [job.log(scw, stage)]:
            # As it was written: no markup, no colours, no line breaks of ours.
            print(text, end="", flush=True)


def jobs(
    user: Annotated[
        str | None, typer.Option(envvar="ODAMESH_USER", help="Only the jobs of this user.", show_default=False)
    ] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many.")] = 20,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """List the newest jobs."""
    out = console()
    with errors(), connect(url) as mesh:
        found = mesh.jobs(user or configured("user"), limit)
        if as_json:
            print_json([job.to_dict() for job in found])
            return
        if not out.is_terminal:
            out.width = _LINE_WIDTH
        out.print(job_table(found, whole=not out.is_terminal))


def cancel(job_id: JobId, as_json: AsJson = False, url: Url = None) -> None:
    """Cancel a job; what other jobs wait for goes on."""
    with errors(), connect(url) as mesh:
        job = mesh.job(job_id)
        if job_is_final(job.state):
            raise OdameshError(f"job {job.id} is {job.state.value}: only a job that has not ended can be cancelled")
        job.cancel()
        _answer(job, f"Job {job.id} is being cancelled.", as_json=as_json)


def delete(job_id: JobId, as_json: AsJson = False, url: Url = None) -> None:
    """Delete a job; its request and its products stay.

    A job that has not ended is cancelled first.
    """
    with errors(), connect(url) as mesh:
        job = mesh.job(job_id)
        job.delete()
        text = f"Job {job.id} is being deleted. The same again: odamesh submit --again {job.view.request_key}"
        _answer(job, text, as_json=as_json)


def _answer(job: Job, text: str, *, as_json: bool) -> None:
    if as_json:
        print_json(job.to_dict())
    else:
        say(console(), text)


def _of_most_interest(job: Job) -> UnitRow:
    for state in _INTEREST:
        if rows := job.table([state]):
            return rows[0]
    raise NoSuchThing(f"no unit of job {job.id} has begun: {job.waits or job.reason or job.state.value}")
