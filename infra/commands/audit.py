"""`odamesh audit`: is anything lost, doubled, stuck or orphaned? Exit status 1 if so."""

import json
import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra.commands.servers import servers
from mesh.audit import Report, audit
from mesh.audit.audit import PATIENCE_SECONDS
from odamesh.command_line import AsJson, operators_part

app = operators_part("Count again whether anything is lost, doubled or stuck.")


@app.command()
def run(
    as_json: AsJson = False,
    patience: Annotated[
        float, typer.Option(min=0, help="Seconds after which work that does not move counts as stuck.")
    ] = PATIENCE_SECONDS,
) -> None:
    """Compare requests, jobs, runs, products and records, and name what does not agree; changes nothing.

    Exit status: 0 all agrees, 1 something does not, 2 a server cannot be reached.
    """
    with servers("audit") as given:
        report = audit(given.objects, given.index, patience=patience)
    if as_json:
        print(json.dumps({**report.counts, **report.model_dump(mode="json")}, indent=1))
    else:
        _show(report)
    raise typer.Exit(1 if report.findings else 0)


def _show(report: Report) -> None:
    console = Console(width=None if sys.stdout.isatty() else 200)
    looked_at = ", ".join(f"{number} {what.replace('_', ' ')}" for what, number in report.looked_at.items())
    console.print(f"looked at {looked_at}")
    if not report.findings:
        console.print("nothing lost, doubled, stuck or orphaned")
        return
    table = Table("kind", "about", "what does not agree", box=None, pad_edge=False)
    for finding in report.findings:
        table.add_row(finding.kind.value, finding.about, finding.text)
    console.print(table)
    console.print(", ".join(f"{number} {kind}" for kind, number in report.counts.items() if number))
