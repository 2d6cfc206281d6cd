"""`odamesh users`: accounts; how users share the mesh, how much each may have waiting, and what they have now."""

import sys
from collections.abc import Mapping
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from infra.commands import accounts
from infra.commands.servers import servers
from mesh.contracts import Allowance, Allowances
from mesh.store.allowances import change_allowances, read_allowances
from mesh.store.loads import Load, Loads
from mesh.store.names import EVERYBODY
from odamesh.command_line import AsJson, operators_part, print_json

app = operators_part("Accounts and roles; how users share the mesh, and what each may have waiting.")
for _command in (
    accounts.accounts,
    accounts.add,
    accounts.roles,
    accounts.disable,
    accounts.enable,
    accounts.token,
):
    app.command()(_command)

_User = Annotated[str, typer.Argument(help=f"Name of the user; {EVERYBODY} for all without an entry of their own.")]


@app.command("list")
def show(as_json: AsJson = False) -> None:
    """Show allowances, what is waiting and what was spent today (UTC)."""
    with servers("users") as given:
        allowances, loads = read_allowances(given.objects), Loads(given.index)
        names = (EVERYBODY, *sorted({*allowances.users, *loads.users()}))
        if as_json:
            print_json([_record(user, allowances.of(user), loads.of(user)) for user in names])
            return
        table = Table("user", "weight", "budget s/day", "spent s", "jobs", "units", box=None, pad_edge=False)
        for user in names:
            own, load = allowances.of(user), loads.of(user)
            budget = "none" if own.budget_s is None else f"{own.budget_s:g}"
            jobs, units = f"{load.jobs} of {own.jobs}", f"{load.units} of {own.units}"
            table.add_row(user, f"{own.weight:g}", budget, f"{load.spent_s:.1f}", jobs, units)
    Console(width=None if sys.stdout.isatty() else 120).print(table)


@app.command("set")
def change(
    user: _User,
    weight: Annotated[float | None, typer.Option(min=0.001, help="Share beside others who wait.")] = None,
    budget: Annotated[
        float | None, typer.Option(min=-1, help="Container seconds a day; -1: without end.", metavar="SECONDS")
    ] = None,
    jobs: Annotated[int | None, typer.Option(min=1, help="Most jobs that have not ended.")] = None,
    units: Annotated[int | None, typer.Option(min=1, help="Most units that have not ended.")] = None,
) -> None:
    """Change the allowance of a user; what is not named stays. The mesh follows within ten seconds."""
    named = {"weight": weight, "budget_s": budget, "jobs": jobs, "units": units}
    fields: dict[str, float | None] = {name: value for name, value in named.items() if value is not None}
    if budget is not None and budget < 0:
        fields["budget_s"] = None
    with servers("users") as given:
        changed = change_allowances(
            given.objects, lambda before: _with(before, user, _changed(before.of(user), fields))
        )
    print(f"{user}: {changed.of(user).model_dump_json()}")


@app.command()
def reset(user: _User) -> None:
    """Remove the entry of a user, who is then like everybody."""
    with servers("users") as given:
        change_allowances(given.objects, lambda before: _with(before, user, None))


def _changed(own: Allowance, fields: Mapping[str, float | None]) -> Allowance:
    return Allowance.model_validate({**own.model_dump(), **fields})


def _record(user: str, own: Allowance, load: Load) -> dict[str, Any]:
    spent = {"jobs": load.jobs, "units": load.units, "spent_s": load.spent_s}
    return {"user": user, "allowed": own.model_dump(mode="json"), "now": spent}


def _with(allowances: Allowances, user: str, own: Allowance | None) -> Allowances:
    if user == EVERYBODY:
        return allowances.model_copy(update={"everybody": own or Allowance()})
    users = {name: one for name, one in allowances.users.items() if name != user}
    return allowances.model_copy(update={"users": users | ({user: own} if own is not None else {})})
