"""The `odamesh` command: ask for analyses and follow them; the operator's parts are loaded when they are called."""

import importlib
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated

import typer

from odamesh import (
    __version__,
    account_commands,
    alert_commands,
    instrument_commands,
    job_commands,
    link_commands,
    name_commands,
    trace_command,
)
from odamesh.exit_status import MEANINGS
from odamesh.submit_command import submit

OPERATORS_PACKAGE = "infra.commands"
"""Holds the operator's parts; it comes with the distribution `odamesh-mesh`, and with a checkout."""
OPERATORS = {
    "status": "Show on one screen where the mesh stands.",
    "doctor": "Check everything and say what to do.",
    "archive": "Index and simulate archives of science windows.",
    "instrument": "Make, check and try the folder of an instrument.",
    "stack": "Start and stop the servers on this machine.",
    "mesh": "Start and stop the mesh's own processes.",
    "cache": "Show, verify, pin and evict products in the store.",
    "dead": "List, retry and drop messages that could not be processed.",
    "runs": "List and resume runs that are parked.",
    "alarms": "List, explain and silence alarms.",
    "audit": "Count again whether anything is lost, doubled or stuck.",
    "users": "Accounts, roles, and what each user may have waiting.",
    "audit-trail": "Show who did what.",
    "transients": "Fill the gallery of transients with known events.",
    "demo": "Set up this machine and analyse simulated data.",
}
MODULES = {"mesh": "mesh_processes", "audit-trail": "audit_trail"}
_PASS_ON = {"allow_extra_args": True, "ignore_unknown_options": True, "help_option_names": []}

app = typer.Typer(
    name="odamesh",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_show_locals=False,
)


def _tell_version(wanted: bool) -> None:
    if wanted:
        print(f"odamesh {__version__}")
        raise typer.Exit


@app.callback(epilog="Exit status: " + "; ".join(f"{status.value} {text}" for status, text in MEANINGS.items()) + ".")
def main(
    version: Annotated[
        bool, typer.Option("--version", help="Show the version.", callback=_tell_version, is_eager=True)
    ] = False,
) -> None:
    """Online data analysis of INTEGRAL and POLAR."""


for _command in (
    submit,
    job_commands.watch,
    job_commands.get,
    job_commands.log,
    trace_command.trace,
    job_commands.jobs,
    job_commands.cancel,
    job_commands.delete,
    account_commands.share,
    account_commands.login,
    account_commands.logout,
    account_commands.whoami,
    instrument_commands.instruments,
    instrument_commands.describe,
    link_commands.link,
    link_commands.cite,
    name_commands.resolve,
    name_commands.time,
):
    app.command()(_command)
app.command("open")(link_commands.open_link)
app.add_typer(account_commands.token, name="token")
app.add_typer(alert_commands.app, name="alerts")


def _add_operators_part(name: str, help_text: str, *, installed: bool) -> None:
    """Add a sub-command whose module, with all that it needs, is loaded only when it is called."""

    def run(context: typer.Context) -> None:
        try:
            part = importlib.import_module(f"{OPERATORS_PACKAGE}.{MODULES.get(name, name)}")
        except ModuleNotFoundError as error:
            text = f"odamesh {name} is for operators and needs {error.name}: pip install 'odamesh-mesh[science]'"
            print(text, file=sys.stderr)
            raise typer.Exit(1) from error
        part.app(args=context.args, prog_name=f"odamesh {name}")

    app.command(name, help=help_text, context_settings=_PASS_ON, add_help_option=False, hidden=not installed)(run)


def _operators_parts_are_installed() -> bool:
    package, _, part = OPERATORS_PACKAGE.partition(".")
    found = find_spec(package)
    return any((Path(place) / part).is_dir() for place in (found and found.submodule_search_locations) or ())


for _name, _help in OPERATORS.items():
    _add_operators_part(_name, _help, installed=_operators_parts_are_installed())
