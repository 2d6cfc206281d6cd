"""`odamesh dead`: messages that nobody could settle."""

import json
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from infra.commands.servers import Servers, servers
from mesh.broker.dead_letters import DeadLetter, DeadLetters
from mesh.broker.topology import dead_queues
from mesh.errors import NotFound
from mesh.instruments import instruments
from mesh.store.products import Products
from odamesh.command_line import AsJson, operators_part

app = operators_part("Dead letters: messages that could not be processed.")
_console = Console(width=None if sys.stdout.isatty() else 200)

_ADVICE = "`odamesh dead show ID` says more; `odamesh dead retry ID`, or `odamesh dead drop ID`"
_LOG_TAIL = 4000

Ids = Annotated[list[str] | None, typer.Argument(metavar="[ID]...", help="Ids, or the beginnings of ids.")]
Queue = Annotated[str | None, typer.Option(help="Only of this queue, e.g. dead.isgri.")]
Everything = Annotated[bool, typer.Option("--all", help="All of them, or all of --queue.")]


@app.command("list")
def list_letters(
    queue: Queue = None,
    limit: Annotated[int, typer.Option(min=1, help="Most letters to show of each queue.")] = 100,
    as_json: AsJson = False,
) -> None:
    """List dead letters, the oldest of each queue first."""
    found: list[DeadLetter] = []
    with _post("dead list") as (_, post):
        counts = post.count(_queues(queue))
        for name in counts:
            found += [letter for _, letter in zip(range(limit), post.letters(name), strict=False)]
    if as_json:
        print(json.dumps({"queues": counts, "letters": [_facts(letter) for letter in found]}, indent=1))
        return
    if not found:
        print("no dead letters")
        return
    table = Table("id", "died", "queue", "reason", "attempt", "message", "what", box=None, pad_edge=False)
    for letter in found:
        facts = _facts(letter)
        what = f"{facts['schema']} {letter.title}".strip()
        message = letter.delivery.message_id[:16]
        table.add_row(letter.id, letter.died, letter.queue, letter.reason, str(facts["attempt"]), message, what)
    _console.print(table)
    hidden = sum(counts.values()) - len(found)
    print(f"and {hidden} more; {_ADVICE}" if hidden > 0 else _ADVICE)


@app.command()
def show(letter_id: Annotated[str, typer.Argument(metavar="ID")], queue: Queue = None) -> None:
    """Show one letter: where it died and why, its content, and the end of its unit's log."""
    with _post("dead show") as (given, post):
        for letter in _chosen(post, [letter_id], queue):
            print(json.dumps({**_facts(letter), "content": letter.content}, indent=1))
            if letter.delivery.schema.startswith("odamesh.unit/"):
                print(_log_of(given, letter.delivery.message_id))
            return


@app.command()
def retry(ids: Ids = None, queue: Queue = None, everything: Everything = False) -> None:
    """Publish letters again where they came from, as a first attempt.

    A job that has ended without the unit stays as it is; the product is there when the request is made again.
    """
    done = 0
    with _post("dead retry") as (_, post):
        for letter in _chosen(post, _which(ids, everything), queue):
            try:
                post.retry(letter)
            except NotFound as error:
                print(f"stays: {error}", file=sys.stderr)
                continue
            print(f"published again: {letter.id} to {letter.exchange} {letter.routing_key}")
            done += 1
    raise typer.Exit(0 if done else 1)


@app.command()
def drop(
    ids: Ids = None,
    queue: Queue = None,
    everything: Everything = False,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Remove letters for good."""
    wanted = _which(ids, everything)
    if wanted is None and not yes:
        typer.confirm(f"remove every letter{f' of {queue}' if queue else ''} for good?", abort=True)
    with _post("dead drop") as (_, post):
        for letter in _chosen(post, wanted, queue):
            post.drop(letter)
            print(f"dropped: {letter.id}")


@contextmanager
def _post(command: str) -> Iterator[tuple[Servers, DeadLetters]]:
    with servers(command) as given, DeadLetters(given.broker) as post:
        yield given, post


def _queues(only: str | None) -> list[str]:
    return [only] if only is not None else dead_queues(instruments())


def _which(ids: Sequence[str] | None, everything: bool) -> Sequence[str] | None:
    """Return the ids that were asked for, or None for all letters."""
    if bool(ids) == everything:
        print("give either the ids of letters (`odamesh dead list`) or --all", file=sys.stderr)
        raise typer.Exit(2)
    return ids or None


def _chosen(post: DeadLetters, ids: Sequence[str] | None, queue: str | None) -> Iterator[DeadLetter]:
    """Yield the letters asked for; an id that fits none, or several, is an error before anything is done."""
    names = list(post.count(_queues(queue)))
    if ids is None:
        for name in names:
            yield from post.letters(name)
        return
    letters = [letter for name in names for letter in post.letters(name)]
    chosen = {}
    for wanted in ids:
        fitting = [letter for letter in letters if letter.id.startswith(wanted)]
        if len(fitting) != 1:
            print(f"{len(fitting) or 'no'} letters have an id that begins with {wanted}", file=sys.stderr)
            raise typer.Exit(1)
        chosen[fitting[0].tag] = fitting[0]
    yield from chosen.values()


def _facts(letter: DeadLetter) -> dict[str, Any]:
    return {
        **letter.facts,
        "exchange": letter.exchange,
        "routing_key": letter.routing_key,
        "schema": letter.delivery.schema,
    }


def _log_of(given: Servers, unit_key: str) -> str:
    try:
        log = Products(given.objects, given.index).log(unit_key)
    except NotFound as error:
        return str(error)
    return f"end of its log:\n{log[-_LOG_TAIL:].decode('utf-8', errors='replace')}"
