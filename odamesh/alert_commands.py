"""Commands on alerts: post, list, show, and for operators replay, retract, approve, mute, and webhooks."""

import sys
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.table import Table

from odamesh import webhook_commands
from odamesh.command_line import AsJson, Url, console, errors, print_json, say
from odamesh.configuration import configured
from odamesh.errors import WrongValue
from odamesh.kept_tokens import token_for
from odamesh.transport import API, DEFAULT_URL, Transport, address_of

app = typer.Typer(
    help="Post alerts, see what the mesh says of events.\n\nFor operators: replay, retract, approve, mute; webhooks.",
    no_args_is_help=True,
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_show_locals=False,
)
app.add_typer(webhook_commands.app, name="webhooks")
_ALERTS = f"{API}/alerts"

Event = Annotated[str, typer.Argument(metavar="EVENT", help="Key of the event, e.g. lvk:S230518h, or another name.")]
Reason = Annotated[str, typer.Option(help="Why, for the record and the audit trail.", show_default=False)]


@app.command("post")
def post(
    file: Annotated[Path, typer.Argument(help="File with one notice: VOEvent, JSON or Avro; - reads stdin.")],
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Post a notice; posting the same again is harmless."""
    with errors():
        body = sys.stdin.buffer.read() if str(file) == "-" else file.read_bytes()
        told = _transport(url).post_bytes(_ALERTS, body)
        if as_json:
            print_json(told)
            return
        before = " (it came before)" if told["duplicate"] else ""
        say(console(), f"{told['event_key']} {told['version']}: {told['state']}{before}, receipt {told['receipt_id']}")
        for remark in told["remarks"]:
            say(console(), f"note: {remark}", "yellow")


@app.command("list")
def show_list(
    limit: Annotated[int, typer.Option("--limit", "-n", min=1, max=100, help="How many.")] = 20,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """List events, the one with the newest notice first."""
    with errors():
        found = _transport(url).get(f"{_ALERTS}/events", {"limit": limit})["events"]
        if as_json:
            print_json(found)
            return
        table = Table("event", "state", "kind", "time", "record", box=None, pad_edge=False, header_style="dim")
        for one in found:
            state = f"{one['state']}{' (test)' if one['test'] else ''}"
            time = (one["trigger_time"] or "-")[:19].replace("T", " ")
            table.add_row(one["event_key"], state, one["messenger"], time, str(one["version"]))
        console().print(table)


@app.command("show")
def show(event: Event, as_json: AsJson = False, url: Url = None) -> None:
    """Show what the mesh says of an event, its notices, analyses and topics."""
    with errors():
        transport = _transport(url)
        found = transport.get(f"{_ALERTS}/events/{event}")
        record = transport.get(f"{_ALERTS}/events/{event}/record") if found["record"] else None
        if as_json:
            print_json({"event": found, "record": record})
            return
        say(console(), record["answer"] if record else f"{found['event_key']}: there is no record yet.")
        notices = [(one["label"], one["state"], one["received"]) for one in found["versions"]]
        _print(("notice", "state", "received"), notices)
        jobs = [(f"{one['instrument']} {one['product']}", one["state"], one["text"]) for one in found["jobs"]]
        _print(("analysis", "state", "note"), jobs)
        published = found["published"].items()
        topics = [(topic, number if number > 0 else f"retracted by {-number}") for topic, number in published]
        _print(("topic", "record"), topics)
        for one in found["outbox"]:
            held = f" waits for a person until {one['held_until']}" if one["held_until"] else " is to be published"
            say(console(), f"{one['topic']} {one['version']}{held}", "yellow")
        for one in found["commands"]:
            say(console(), f"{one['at'][:19]} {one['caller']}: {one['deed']} {one['reason']}".rstrip(), "dim")


@app.command("replay")
def replay(
    *,
    event: Annotated[str | None, typer.Option(help="Key or name of an event.", show_default=False)] = None,
    receipt: Annotated[str | None, typer.Option(help="A receipt.", show_default=False)] = None,
    t1: Annotated[str | None, typer.Option(help="All whose newest notice came from then on, UTC.")] = None,
    t2: Annotated[str | None, typer.Option(help="... and until then.")] = None,
    reason: Reason = "",
    url: Url = None,
) -> None:
    """Take up again what came before: what failed is tried once more, what was lost is published."""
    wish = {"event": event, "receipt": receipt, "t1": t1, "t2": t2, "reason": reason}
    with errors():
        if sum([event is not None, receipt is not None, t1 is not None and t2 is not None]) != 1:
            raise WrongValue("give one of --event, --receipt, or --t1 with --t2")
        told = _transport(url).post(f"{_ALERTS}/replay", {name: one for name, one in wish.items() if one}, {})
        say(console(), f"Taken up again: {', '.join(told['events']) or 'nothing, no event is like this'}.")


@app.command("retract")
def retract(event: Event, reason: Reason = "", url: Url = None) -> None:
    """Take back what the mesh has published of an event; nothing more is published until a replay."""
    _command(url, event, "retract", reason, "is withdrawn")


@app.command("approve")
def approve(
    event: Event,
    version: Annotated[
        int | None, typer.Option("--record", min=1, help="The record that was read.", show_default="the newest one")
    ] = None,
    reason: Reason = "",
    url: Url = None,
) -> None:
    """Publish what waits for a person: one record; a later one waits again."""
    _command(url, event, "approve", reason, "is approved", version=version)


@app.command("mute")
def mute(
    event: Event,
    stop: Annotated[bool, typer.Option("--stop", help="Mute it no longer.")] = False,
    reason: Reason = "",
    url: Url = None,
) -> None:
    """Publish nothing of an event."""
    _command(url, event, "unmute" if stop else "mute", reason, "is muted no longer" if stop else "is muted")


def _command(url: str | None, event: str, deed: str, reason: str, done: str, *, version: int | None = None) -> None:
    wish = {"reason": reason, **({} if version is None else {"version": version})}
    with errors():
        told = _transport(url).post(f"{_ALERTS}/events/{event}/{deed}", wish, {})
        say(console(), f"{told['event_key']} {done}.")


def _print(names: tuple[str, ...], rows: list[tuple[Any, ...]]) -> None:
    if rows:
        table = Table(*names, box=None, pad_edge=False, header_style="dim")
        for row in rows:
            table.add_row(*map(str, row))
        console().print(table)


def _transport(url: str | None) -> Transport:
    address = address_of(url or configured("url") or DEFAULT_URL)
    return Transport(address, token=token_for(address))
