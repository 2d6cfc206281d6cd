"""`odamesh runs`: runs that nobody takes on any more because they cost one dispatcher after another."""

from typing import Annotated

import typer

from infra.commands.servers import servers
from mesh.store.claims import Claims
from odamesh.command_line import AsJson, operators_part, print_json

app = operators_part("Runs that are parked because they cost one dispatcher after another.")


@app.command()
def parked(as_json: AsJson = False) -> None:
    """List the parked runs, and why each is."""
    with servers("runs") as given:
        found = dict(Claims(given.index).parked())
    if as_json:
        print_json([{"run_id": run_id, "reason": reason} for run_id, reason in found.items()])
        return
    for run_id, reason in found.items():
        print(f"{run_id}  {reason}")


@app.command()
def resume(run: Annotated[str, typer.Argument(help="Id of the run.")]) -> None:
    """Let a parked run be taken on again, once what ended the dispatchers is mended; cancel its jobs otherwise."""
    with servers("runs") as given:
        if not Claims(given.index).resume(run):
            print(f"run {run} is not parked; see: odamesh runs parked")
            raise typer.Exit(1)
    print(f"run {run} is taken on within ten seconds")
