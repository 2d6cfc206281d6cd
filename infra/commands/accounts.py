"""Accounts, on the machine of the mesh: who may sign in, with which roles, and a token to begin with."""

import getpass
import re
import secrets
import sys
from collections.abc import Callable, Sequence
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table

from gateway.auth.access_file import read_access
from gateway.settings import GatewaySettings
from infra.commands.servers import Servers, servers
from infra.commands.stack import fail
from mesh.accounts.accounts import Accounts
from mesh.accounts.api_tokens import new_token
from mesh.accounts.trail import TrailWriter
from mesh.clock import utc_now
from mesh.contracts import Account, TrailEntry
from mesh.intake import Role, Scope
from mesh.intake.caller import is_anonymous
from mesh.intake.wish import USER
from odamesh.command_line import AsJson, print_json

_Name = Annotated[str, typer.Argument(help="Name of the account.")]
_Roles = Annotated[list[str] | None, typer.Option("--role", help="Role; repeatable.", show_default=False)]
_Days = Annotated[
    float | None, typer.Option(min=0.001, help="Days that the token works; as long as may be, where none is given.")
]


def add(name: _Name, role: _Roles = None, days: _Days = None) -> None:
    """Make an account and show a token for it, once."""
    roles = _known(role or ())
    if not re.fullmatch(USER, name) or is_anonymous(name):
        fail(ValueError(f"{name!r} is no name of a user: letters, digits and . _ @ -, and not anonymous"))
    with servers("users") as given:
        accounts = Accounts(given.objects)
        if accounts.account(name) is not None:
            fail(ValueError(f"there is an account {name}: see `odamesh users roles` and `odamesh users token`"))
        accounts.change(name, lambda _: Account(name=name, roles=roles, created=utc_now()))
        _note(given, "change-account", name, f"made with roles {', '.join(roles) or 'none'}")
        _show_token(given, name, _scopes(roles), days)


def roles(
    name: _Name,
    role: Annotated[list[str] | None, typer.Option("--role", help="Role; repeatable. None: no roles.")] = None,
) -> None:
    """Set the roles of an account, all of them at once."""
    wanted = _known(role or ())
    _change(name, lambda before: before.model_copy(update={"roles": wanted}), f"roles {', '.join(wanted) or 'none'}")


def disable(name: _Name) -> None:
    """Let nobody in under a name, by whatever way."""
    _change(name, lambda before: before.model_copy(update={"disabled": True}), "disabled")


def enable(name: _Name) -> None:
    """Let the user of a disabled account in again."""
    _change(name, lambda before: before.model_copy(update={"disabled": False}), "enabled")


def token(name: _Name, days: _Days = None) -> None:
    """Make a further token for an account and show it, once."""
    with servers("users") as given:
        account = Accounts(given.objects).account(name)
        if account is None:
            fail(ValueError(f"there is no account {name}: `odamesh users add {name}` makes one"))
        _show_token(given, name, _scopes(account.roles), days)


def accounts(as_json: AsJson = False) -> None:
    """List the accounts about which something is settled."""
    with servers("users") as given:
        found = list(Accounts(given.objects).all())
    if as_json:
        print_json([one.model_dump(mode="json") for one in found])
        return
    table = Table("name", "roles", "state", "made", box=None, pad_edge=False)
    for one in found:
        table.add_row(one.name, ", ".join(one.roles), "disabled" if one.disabled else "", one.created[:10])
    Console(width=None if sys.stdout.isatty() else 120).print(table)


def _change(name: str, change: Callable[[Account], Account], what: str) -> None:
    with servers("users") as given:
        # An issuer may let somebody in of whom nothing is settled yet.
        Accounts(given.objects).change(name, lambda before: change(before or Account(name=name, created=utc_now())))
        _note(given, "change-account", name, what)
    print(f"{name}: {what}; the gateway follows within ten seconds")


def _show_token(given: Servers, name: str, scopes: Sequence[Scope], days: float | None) -> None:
    longest = _longest_days()
    made = new_token(name, scopes, label="from an operator", days=min(days or longest, longest))
    Accounts(given.objects).put_token(made.document)
    _note(given, "make-token", made.document.token_id, f"of {name} for {', '.join(made.document.scopes)}")
    print(f"The token of {name}, which is not shown again; sign in with it: odamesh login", file=sys.stderr)
    print(made.text)


def _scopes(roles: Sequence[str]) -> list[Scope]:
    return [scope for scope in Scope if scope is not Scope.OPERATE or Role.OPERATOR in roles]


def _known(roles: Sequence[str]) -> tuple[str, ...]:
    known = _access_roles()
    for one in roles:
        if one not in known:
            fail(
                ValueError(f"there is no role {one}; allowed: {', '.join(known)} (access.toml describes further ones)")
            )
    return tuple(dict.fromkeys(roles))


def _access_roles() -> dict[str, str]:
    return read_access(GatewaySettings().access_file).known_roles().all()


def _longest_days() -> int:
    return read_access(GatewaySettings().access_file).token_days


def _note(given: Servers, deed: str, about: str, detail: str) -> None:
    writer = TrailWriter(given.objects, f"command-{secrets.token_hex(8)}")
    who = f"{getpass.getuser()} on the machine of the mesh"
    writer.keep(TrailEntry(at=utc_now(), caller=who, deed=deed, about=about, detail=detail))
    writer.flush()
