"""`odamesh mesh`: the mesh's own processes on this machine."""

import getpass
import os
import sys
from dataclasses import asdict

from rich.console import Console
from rich.table import Table

from infra.commands.stack import fail
from infra.stack import mesh_processes, stack, users
from infra.stack.problem import SetupProblem
from mesh.instruments import instrument_faults
from odamesh.command_line import AsJson, operators_part, print_json

app = operators_part("Start and stop the services and the gateway on this machine.")
_console = Console(width=None if sys.stdout.isatty() else 160)  # a log is not cut at 80 columns


@app.command()
def up() -> None:
    """Start the services and the gateway and wait until each is ready."""
    try:
        names = mesh_processes.up(stack.runner_in_use())
    except SetupProblem as problem:
        fail(problem)
    _console.print(f"ready: {', '.join(names) or 'this checkout has no services'}")
    for name, fault in instrument_faults().items():
        print(f"odamesh: {name} is left out: {fault}", file=sys.stderr)


@app.command()
def down() -> None:
    """Stop the services and the gateway; running containers are taken up again by the next start."""
    _console.print(f"stopped: {', '.join(mesh_processes.down()) or 'nothing ran'}")


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show each process: whether it runs and is ready, where, and how often it was restarted."""
    table = Table("process", "state", "units run", "address", "pid", "restarts", box=None, pad_edge=False)
    rows = mesh_processes.status()
    if as_json:
        print_json([asdict(row) for row in rows])
        return
    for row in rows:
        shown = "[green]ready[/green]" if row.ready else "[yellow]running[/yellow]" if row.up else "[red]down[/red]"
        table.add_row(row.name, shown, row.runner or "-", row.address, str(row.pid or "-"), str(row.restarts))
    _console.print(table)
    for row in rows:
        if row.reason:
            _console.print(f"{row.name}: {row.reason}", soft_wrap=True)
    if any(row.up for row in rows) and not mesh_processes.supervised():
        _console.print("no supervisor: what ends is not started again; `odamesh mesh up` starts it")
    if not users.separate():
        why = "ODAMESH_SEPARATE_USERS=no" if os.geteuid() == 0 else "only root can give each a user of its own"
        _console.print(f"all processes run as {getpass.getuser()}: {why}")
    if unconfined := [row.name for row in rows if row.runner == "local"]:
        _console.print(f"not confined (no containers): the units of {', '.join(unconfined)}")
