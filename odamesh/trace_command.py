"""`odamesh trace`: where the time of a job went."""

from typing import Annotated

import typer

from odamesh.client import connect
from odamesh.command_line import AsJson, JobId, Url, console, errors, print_json, say
from odamesh.waterfall import draw, waterfall

_BAR_WIDTH = 40


def trace(
    job_id: JobId,
    units: Annotated[int, typer.Option(min=0, help="Most units to show of each stage: those that took longest.")] = 10,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Show where the time of a job went.

    When it waited, and when its stages and units ran, from what the mesh keeps of it. The id of its trace finds it in
    the logs of the mesh, and in a collector where one is set up.
    """
    out = console()
    with errors(), connect(url) as mesh:
        job = mesh.job(job_id)
        bars = waterfall(job.view, job.table(), units)
        if as_json:
            print_json({"job_id": job.id, "trace_id": job.view.trace_id, "bars": [bar._asdict() for bar in bars]})
            return
        say(out, f"job {job.id}, trace {job.view.trace_id or 'not kept any more'}")
        say(out, "begin and length since the job was submitted:")
        for line in draw(bars, _BAR_WIDTH):
            say(out, line)
