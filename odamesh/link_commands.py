"""Commands on permanent links: open, cite, link."""

from pathlib import Path
from typing import Annotated

import typer

from mesh.states import JobState
from odamesh.client import Mesh, connect
from odamesh.command_line import AsJson, JobId, Url, console, errors, print_json, say
from odamesh.errors import OdameshError
from odamesh.exit_status import ExitStatus
from odamesh.links import parts_of

_SHOWN = 20


def open_link(
    link: Annotated[str, typer.Argument(metavar="LINK", help="Permanent link, or 20 to 64 digits of a request's key.")],
    directory: Annotated[
        Path | None, typer.Argument(metavar="[DIR]", help="Save the products there; by default they are only listed.")
    ] = None,
    wait: Annotated[bool, typer.Option(help="Wait until it has been made, where it is made again.")] = True,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Open the permanent link of a job.

    What was removed from the store is made again.
    """
    out = console()
    with errors():
        base, _, _ = parts_of(link)
        with connect(base or url) as mesh:
            found = mesh.open(link)
            if not as_json:
                say(out, f"{found.title}\n{found.state}")
            if wait and not found.ended:
                found.wait()
            saved = [str(path) for path in found.downloads(directory)] if directory is not None else []
            if as_json:
                print_json({**found.document, "saved": saved})
                return
            files = [file for product in found.document["products"] for file in product["files"]]
            for line in saved or [file["name"] for file in files[:_SHOWN]]:
                say(out, line)
            if found.state == JobState.ERROR:
                raise typer.Exit(ExitStatus.FAILED)


def cite(
    job_id: Annotated[str, typer.Argument(metavar="JOB", help="Id of a job, its first digits, or a permanent link.")],
    bibtex: Annotated[bool, typer.Option("--bibtex", help="Print an entry for BibTeX.")] = False,
    url: Url = None,
) -> None:
    """Print how to cite a job."""
    with errors():
        base = parts_of(job_id)[0] if "/" in job_id else ""
        with connect(base or url) as mesh:
            print(mesh.cite(job_id, bibtex=bibtex))


def link(
    *,
    job_id: JobId,
    sign: Annotated[bool, typer.Option("--sign", help="Sign it: whoever has it sees the job of your account.")] = False,
    days: Annotated[
        int | None, typer.Option(min=1, help="With --sign: how long it counts.", show_default="no end")
    ] = None,
    revoke: Annotated[bool, typer.Option("--revoke", help="Take back all that you signed for this request.")] = False,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Print the permanent link of a job.

    It is short enough for a paper, needs no account, and never ends.
    """
    with errors(), connect(url) as mesh:
        if sign and revoke:
            raise OdameshError("give either --sign or --revoke")
        text = _link(mesh, job_id, sign=sign, days=days, revoke=revoke)
        if as_json:
            print_json({"link": text})
        else:
            print(text)


def _link(mesh: Mesh, job_id: str, *, sign: bool, days: int | None, revoke: bool) -> str:
    job = mesh.job(job_id)
    if revoke:
        job.revoke_links()
    return job.sign_link(days) if sign else job.link
