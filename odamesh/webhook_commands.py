"""Commands on webhooks, for operators: register addresses to which the mesh posts, try them out, remove them."""

import time
from typing import Annotated, Any

import typer
from rich.table import Table

from odamesh.command_line import AsJson, Url, console, errors, print_json, say
from odamesh.configuration import configured
from odamesh.kept_tokens import token_for
from odamesh.transport import API, DEFAULT_URL, Transport, address_of

app = typer.Typer(
    help="Webhooks that the mesh sends: what it says of events, signed, to addresses that operators register.",
    no_args_is_help=True,
    rich_markup_mode=None,
)
_WEBHOOKS = f"{API}/alerts/webhooks"
_TEST_SECONDS = 30.0
_LOOK_SECONDS = 0.5

Name = Annotated[str, typer.Argument(help="Name of the endpoint.")]


@app.command("add")
def add(
    *,
    name: Name,
    address: Annotated[str, typer.Argument(metavar="ADDRESS", help="Where to post, https://...")],
    topic: Annotated[
        list[str] | None, typer.Option("--topic", help="A topic, e.g. transient.record or 'integral.*'; none: all.")
    ] = None,
    tests: Annotated[bool, typer.Option("--tests", help="Also what concerns tests.")] = False,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Register an endpoint and show its secret, which is shown only now."""
    wish = {"name": name, "url": address, "topics": topic or [], "tests": tests}
    with errors():
        told = _transport(url).post(_WEBHOOKS, wish, {})
        _print_secret(told, as_json, f"{name} is registered")


@app.command("list")
def show_list(as_json: AsJson = False, url: Url = None) -> None:
    """List the endpoints."""
    with errors():
        found = _transport(url).get(_WEBHOOKS)
        if as_json:
            print_json(found)
            return
        table = Table("name", "address", "topics", "state", "waiting", box=None, pad_edge=False, header_style="dim")
        for one in found:
            state = f"disabled since {one['disabled'][:19]}" if one["disabled"] else "enabled"
            topics = ", ".join(one["topics"]) or "all"
            topics += " and tests" if one["tests"] else ""
            table.add_row(one["name"], one["url"], topics, state, str(one["waiting"]))
        console().print(table)
        for one in found:
            if one["disabled"]:
                say(console(), f"{one['name']}: {one['why_disabled']}", "yellow")


@app.command("remove")
def remove(name: Name, url: Url = None) -> None:
    """Remove an endpoint, with what waits for it."""
    with errors():
        _transport(url).delete(f"{_WEBHOOKS}/{name}")
        say(console(), f"{name} is removed.")


@app.command("rotate")
def rotate(
    name: Name,
    hours: Annotated[float, typer.Option("--hours", min=0, max=24 * 30, help="The old secret signs so long too.")] = 24,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Give an endpoint a new secret; the one before signs as well for some hours."""
    with errors():
        told = _transport(url).post(f"{_WEBHOOKS}/{name}/rotate", {"hours": hours}, {})
        _print_secret(told, as_json, f"{name} has a new secret; the one before signs as well for {hours:g} h")


@app.command("enable")
def enable(name: Name, url: Url = None) -> None:
    """Post to a disabled endpoint again, first what waited."""
    with errors():
        _transport(url).post(f"{_WEBHOOKS}/{name}/enable", {}, {})
        say(console(), f"{name} is enabled.")


@app.command("test")
def test(name: Name, as_json: AsJson = False, url: Url = None) -> None:
    """Have a message posted that says nothing, and show what came of it; exit status 1 if it was not taken."""
    with errors():
        transport = _transport(url)
        told = transport.post(f"{_WEBHOOKS}/{name}/test", {}, {})
        place, end = f"{_WEBHOOKS}/{name}/deliveries/{told['delivery_id']}", time.monotonic() + _TEST_SECONDS
        while told["state"] == "waiting" and not told["tries"] and time.monotonic() < end:
            time.sleep(_LOOK_SECONDS)
            told = transport.get(place)
        if as_json:
            print_json(told)
        elif told["tries"]:
            say(console(), told["text"])
        else:
            say(console(), "It was not posted yet: is the transports service up? `odamesh mesh status` says.")
        if told["state"] != "delivered":
            raise typer.Exit(1)


def _print_secret(told: dict[str, Any], as_json: bool, done: str) -> None:
    if as_json:
        print_json(told)
        return
    say(console(), f"{done}. Its secret, which is shown only now:")
    console().print(told["secret"], soft_wrap=True, highlight=False)


def _transport(url: str | None) -> Transport:
    address = address_of(url or configured("url") or DEFAULT_URL)
    return Transport(address, token=token_for(address))
