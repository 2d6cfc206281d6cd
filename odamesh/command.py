"""The `odamesh` command: ask for analyses and follow them; its further parts are loaded when they are called."""

import importlib
import sys

import typer

from odamesh import job_commands

app = typer.Typer(
    name="odamesh",
    help="Online data analysis of INTEGRAL and POLAR.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_show_locals=False,
)
job_commands.add_to(app)

_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}


def _add_part(name: str, module: str, extra: str, help_text: str) -> None:
    """Add a sub-command whose module, with all that it needs, is loaded only when it is called."""

    def run(context: typer.Context) -> None:
        try:
            part = importlib.import_module(module)
        except ModuleNotFoundError as error:
            text = f"odamesh {name} needs {error.name}, which is not installed: pip install 'odamesh[{extra}]'"
            print(text, file=sys.stderr)
            raise typer.Exit(1) from error
        part.app(args=context.args, prog_name=f"odamesh {name}")

    app.command(name, help=help_text, context_settings=_PASS_ON, add_help_option=False)(run)


_add_part("archive", "odamesh.archive", "science", "Index and simulate archives of science windows.")
_add_part("stack", "odamesh.stack", "service", "Start and stop the servers on this machine.")
_add_part("mesh", "odamesh.mesh_processes", "service", "Start and stop the mesh's own processes.")
_add_part("cache", "odamesh.cache", "service", "Products in the store: figures, verification, pins, eviction.")
_add_part("dead", "odamesh.dead", "service", "Dead letters: messages that nobody could settle.")
_add_part("audit", "odamesh.audit", "service", "Compare requests, jobs, runs and products: is anything lost?")
_add_part("users", "odamesh.users", "service", "How users share the mesh, and what each may have waiting.")
_add_part("demo", "odamesh.demo", "service,gateway,science", "Set up this machine and analyse six simulated windows.")
