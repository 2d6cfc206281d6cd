"""Commands on accounts: login, logout, whoami, token, share."""

import sys
from pathlib import Path
from socket import gethostname
from typing import Annotated

import typer
from rich.table import Table

from odamesh.client import connect
from odamesh.command_line import AsJson, JobId, Url, console, errors, print_json, say
from odamesh.configuration import configured
from odamesh.device_sign_in import device_token
from odamesh.errors import NotSignedIn, WrongValue
from odamesh.kept_tokens import keep_token, token_for, tokens_file
from odamesh.transport import API, DEFAULT_URL, Transport, address_of, is_local

token = typer.Typer(
    help="Make, list and revoke tokens for programs.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_show_locals=False,
)


def login(
    token_file: Annotated[
        Path | None, typer.Option(help="File with the token; - reads stdin. Without it you are asked.")
    ] = None,
    issuer: Annotated[
        str | None, typer.Option(help="Provider at which to sign in with a browser.", show_default=False)
    ] = None,
    insecure: Annotated[
        bool, typer.Option("--insecure", help="Send the token without TLS to another machine all the same.")
    ] = False,
    url: Url = None,
) -> None:
    """Sign in to a mesh: try a token and keep it for this address."""
    with errors():
        address = address_of(url or configured("url") or DEFAULT_URL)
        if address.startswith("http://") and not is_local(address) and not insecure:
            raise WrongValue(
                f"{address} has no TLS: whoever stands between could read the token; use https, or --insecure"
            )
        text = _sign_in_at(address, issuer) if issuer is not None else _read(token_file)
        transport = Transport(address, token=text)
        found = transport.get(f"{API}/session")
        if not found["accounts"]:
            say(console(), f"{address} asks nobody who they are: there is nothing to sign in to.")
            return
        if found["anonymous"]:
            raise NotSignedIn("the mesh has not taken the token")
        keep_token(address, text)
        say(console(), f"Signed in to {address} as {found['name']}{_may(found)}.")
        say(console(), f"The token is kept in {tokens_file()}.")


def logout(url: Url = None) -> None:
    """Forget the token for a mesh, without revoking it."""
    with errors():
        address = address_of(url or configured("url") or DEFAULT_URL)
        known = keep_token(address, None)
        text = (
            f"Signed out of {address}; `odamesh token revoke` ends the token itself." if known else "Nothing was kept."
        )
        say(console(), text)


def whoami(as_json: AsJson = False, url: Url = None) -> None:
    """Show who I am on the mesh, and what I may."""
    with errors():
        found = _transport(url).get(f"{API}/session")
        if as_json:
            print_json(found)
        elif not found["accounts"]:
            say(console(), "This mesh asks nobody who they are.")
        else:
            say(console(), f"{'without account' if found['anonymous'] else found['name']}{_may(found)}")


def share(
    job_id: JobId,
    stop: Annotated[bool, typer.Option("--stop", help="Share it no longer.")] = False,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Let whoever has its link look at a job and take its products."""
    with errors(), connect(url) as mesh:
        job = mesh.job(job_id)
        link = job.share(stop=stop)
        if as_json:
            print_json(job.to_dict())
        else:
            say(console(), f"Job {job.id} is shared no longer." if stop else link)


@token.command("new")
def new(
    *,
    label: Annotated[str, typer.Option(help="What you call it.")] = "",
    scope: Annotated[
        list[str] | None,
        typer.Option(help="What it is for: read, write, tokens or operate; repeatable.", show_default="read, write"),
    ] = None,
    days: Annotated[float | None, typer.Option(min=0.001, help="Days that it works.", show_default=False)] = None,
    user: Annotated[str | None, typer.Option(help="For whom, if an operator makes it.", show_default=False)] = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Make a token and show it, once."""
    wish = {"label": label, "scopes": scope, "days": days, "user": user}
    with errors():
        made = _transport(url).post(f"{API}/tokens", {name: value for name, value in wish.items() if value}, {})
        if as_json:
            print_json(made)
            return
        until = f"until {made['expires'][:10]}" if made["expires"] else "until it is revoked"
        print(f"Token {made['token_id']}, {until}; it is not shown again:", file=sys.stderr)
        print(made["token"])


@token.command("list")
def show(as_json: AsJson = False, url: Url = None) -> None:
    """List my tokens, with their last use."""
    with errors():
        found = _transport(url).get(f"{API}/tokens")
        if as_json:
            print_json(found)
            return
        table = Table("id", "label", "for", "made", "ends", "last used", box=None, pad_edge=False, header_style="dim")
        for one in found:
            ends = f"revoked {one['revoked'][:10]}" if one["revoked"] else (one["expires"] or "never")[:10]
            used = (one["last_used"] or "never")[:16].replace("T", " ")
            table.add_row(one["token_id"], one["label"], " ".join(one["scopes"]), one["created"][:10], ends, used)
        console().print(table)


@token.command("revoke")
def revoke(
    token_id: Annotated[str, typer.Argument(metavar="ID", help="Id of the token, as in the list.")], url: Url = None
) -> None:
    """Revoke a token: nobody gets in with it any more."""
    with errors():
        _transport(url).delete(f"{API}/tokens/{token_id}")
        say(console(), f"Token {token_id} is revoked.")


def _transport(url: str | None) -> Transport:
    address = address_of(url or configured("url") or DEFAULT_URL)
    return Transport(address, token=token_for(address))


def _sign_in_at(address: str, name: str) -> str:
    """Return a new API token for somebody who signs in at a provider: its own tokens end soon."""
    known = {str(one["name"]): one for one in Transport(address).get(f"{API}/issuers")}
    if name not in known:
        raise WrongValue(f"{address} knows no provider {name!r}; allowed: {', '.join(known) or 'none'}")
    told = device_token(known[name]["url"], known[name]["client_id"], lambda text: say(console(), text))
    wish = {"label": f"odamesh login on {gethostname()}"[:64], "scopes": ["read", "write", "tokens"]}
    return str(Transport(address, token=told).post(f"{API}/tokens", wish, {})["token"])


def _read(file: Path | None) -> str:
    if file is None:
        text = str(typer.prompt("Token", hide_input=True))
    elif str(file) == "-":
        text = sys.stdin.read()
    else:
        text = file.read_text(encoding="utf-8")
    if not text.strip() or len(text.split()) != 1:
        raise WrongValue("there is no token, or more than one word")
    return text.strip()


def _may(found: dict[str, list[str]]) -> str:
    roles = f", roles {', '.join(found['roles'])}" if found["roles"] else ""
    return f" (for {', '.join(found['scopes'])}{roles})"
