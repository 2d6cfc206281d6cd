"""`odamesh stack`: the servers that the mesh stands on, on this machine."""

import sys
from dataclasses import asdict
from pathlib import Path
from typing import Annotated, NoReturn

import typer
from rich.console import Console
from rich.table import Table

from infra.edge.nginx import Edge, configuration
from infra.stack import access, mesh_processes, stack
from infra.stack.layout import Layout
from infra.stack.problem import SetupProblem
from mesh.intake import Limits
from odamesh.command_line import AsJson, operators_part, print_json

app = operators_part("Set up, start and stop the servers of the mesh on this machine.")
_console = Console(width=None if sys.stdout.isatty() else 160)  # a log is not cut at 80 columns


@app.command()
def up() -> None:
    """Install, build and start what is missing. Can be repeated at any time."""
    try:
        stack.up(_console)
    except SetupProblem as problem:
        fail(problem)
    status()


@app.command()
def down(
    purge: Annotated[bool, typer.Option("--purge", help="Remove data, logs and accounts as well.")] = False,
) -> None:
    """Stop the servers that `up` started; data stay."""
    try:
        stopped = stack.down(purge=purge)
    except SetupProblem as problem:
        fail(problem)
    _console.print(f"stopped: {', '.join(stopped) or 'nothing ran'}" + ("; data removed" if purge else ""))


@app.command()
def status(as_json: AsJson = False) -> None:
    """Show each server: whether it answers, where, who started it, its version; and how units run."""
    try:
        states, runner = stack.status(), stack.runner_in_use()
    except SetupProblem as problem:
        fail(problem)
    if as_json:
        print_json({"servers": [asdict(state) for state in states], "runner": runner})
        return
    table = Table("server", "state", "address", "started by", "version", box=None, pad_edge=False)
    for state in states:
        shown = "[green]up[/green]" if state.up else "[red]down[/red]"
        table.add_row(state.name, shown, state.address, state.started_by, state.version)
    _console.print(table)
    _console.print(f"runner: {runner} ({_how_units_run(runner)})")


def _how_units_run(runner: str) -> str:
    if runner not in ("warm", "docker"):
        return "no containers: units run as processes of this machine, not confined"
    if not stack.engine_answers():
        return "in containers, but no engine answers: units wait until one does; `odamesh stack up` starts it"
    return "containers"


@app.command()
def edge(  # noqa: PLR0917 - options are named, never placed
    name: Annotated[str, typer.Option("--name", help="Name under which callers reach it, e.g. mesh.example.org.")],
    certificate: Annotated[Path, typer.Option("--certificate", help="File of the certificate and its chain, PEM.")],
    key: Annotated[Path, typer.Option("--key", help="File of its key, PEM.")],
    port: Annotated[int, typer.Option(min=1, max=65535, help="Port for TLS.")] = 443,
    plain_port: Annotated[int, typer.Option(min=0, max=65535, help="Port that sends to the other; 0: none.")] = 80,
    prefix: Annotated[str, typer.Option(help="Path below which the gateway is served, e.g. /odamesh.")] = "",
    trusted: Annotated[
        list[str] | None, typer.Option(help="Network of a balancer before the edge that tells who calls.")
    ] = None,
) -> None:
    """Write the configuration of nginx before the gateway, and have its certificate watched."""
    layout = Layout.from_environment()
    wanted = Edge(
        name,
        certificate.absolute(),
        key.absolute(),
        gateway=mesh_processes.ports()["gateway"],
        body_bytes=Limits().body_bytes,
        directory=layout.edge,
        port=port,
        plain_port=plain_port,
        prefix=prefix,
        trusted=trusted or (),
    )
    try:
        text = configuration(wanted)
        layout.edge.mkdir(parents=True, exist_ok=True)
        file = layout.edge / "nginx.conf"
        file.write_text(text, encoding="utf-8")
        layout.edge_address.write_text(f"{name}:{port}\n", encoding="utf-8")
        stack.Stack.of(layout).prometheus.configure()
    except (SetupProblem, OSError) as problem:
        fail(problem)
    _console.print(f"wrote {file}", soft_wrap=True)
    _console.print("the gateway needs, before `odamesh mesh up`:", soft_wrap=True)
    _console.print(f"  export ODAMESH_GATEWAY_HOSTS={name}", soft_wrap=True)
    if prefix:
        _console.print(f"  export ODAMESH_GATEWAY_PREFIX={prefix}", soft_wrap=True)
    _console.print(
        f"then: nginx -c {file}; after a change or a new certificate: nginx -c {file} -s reload", soft_wrap=True
    )


@app.command("new-key")
def new_key() -> None:
    """Sign sessions of browsers, and links, with a new key; those of the two keys before go on."""
    try:
        kept = access.rotate(Layout.from_environment())
    except SetupProblem as problem:
        fail(problem)
    _console.print(f"new sessions have a new key; {kept} earlier ones still count")


@app.command()
def images() -> None:
    """Bring the analysis images up to date."""
    try:
        built = stack.build_images()
    except SetupProblem as problem:
        fail(problem)
    for name, image_id in sorted(built.ids.items()):
        _console.print(f"{name} {image_id}", soft_wrap=True)
    if built.faults:
        fail(SetupProblem("; ".join(f"no image of {name}: {fault}" for name, fault in built.faults.items())))


def fail(problem: Exception) -> NoReturn:
    """Print one clear line and end with status 1."""
    print(f"odamesh: {problem}", file=sys.stderr)
    raise typer.Exit(1)
