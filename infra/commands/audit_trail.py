"""`odamesh audit-trail`: who did what."""

import sys
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from infra.commands.servers import servers
from mesh.accounts.trail import read_trail
from odamesh.command_line import AsJson, operators_part, print_json

app = operators_part("Show who submitted, cancelled, deleted and shared what, and who was refused.")


@app.command()
def show(
    days: Annotated[int, typer.Option(min=1, help="How many days to look back.")] = 7,
    user: Annotated[str | None, typer.Option(help="Only what this caller did.", show_default=False)] = None,
    limit: Annotated[int, typer.Option(min=1, help="How many deeds at most.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List the newest deeds first; those of the last five seconds may be missing."""
    with servers("audit-trail") as given:
        found = read_trail(given.objects, days=days, user=user, limit=limit)
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in found])
        return
    table = Table("when", "who", "did", "about", "", "from", box=None, pad_edge=False)
    for entry in found:
        when = entry.at[:19].replace("T", " ")
        table.add_row(when, entry.caller, entry.deed, entry.about, entry.detail, entry.address)
    Console(width=None if sys.stdout.isatty() else 200).print(table)
