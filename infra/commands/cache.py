"""`odamesh cache`: what the store holds, whether it is whole, what stays for ever and what may go."""

import json
import os
import re
import socket
import sys
import time
from typing import Annotated, Any

import typer
from rich.console import Console
from rich.table import Table

from infra.commands.rerun import rerun
from infra.commands.servers import Servers, servers
from mesh.clock import utc_now
from mesh.contracts import Pin
from mesh.states import UnitState
from mesh.store.eviction import Eviction, Refused
from mesh.store.jobs import Jobs
from mesh.store.pins import Pins
from mesh.store.products import Products
from mesh.store.stock import Stock, figures
from mesh.store.verification import Verification
from odamesh.command_line import AsJson, operators_part, print_json

app = operators_part("Products in the store: figures, verification, pins, eviction.")
app.command()(rerun)
_console = Console(width=None if sys.stdout.isatty() else 200)

_JOB = re.compile(r"^[0-9a-f]{32}$")
_PRODUCT = re.compile(r"^[0-9a-f]{64}$")
_GIB = 1 << 30
_PAGE = 1000
_GOOD = (UnitState.DONE, UnitState.CACHED)


@app.command()
def stats(as_json: AsJson = False) -> None:
    """Show for each stage: units whose product was there (hits) or had to be made, products, size, evicted."""
    with servers("cache stats") as given:
        objects, index = given.objects, given.index
        found = figures(index)
        pinned, complete = Pins(objects, index).count(), Products(objects, index).index_is_complete()
    rows: list[dict[str, Any]] = [stage._asdict() | {"hit_rate": stage.hit_rate} for stage in found]
    if as_json:
        print(json.dumps({"stages": rows, "pinned": pinned, "index_complete": complete}, indent=1))
        return
    table = Table("stage", "hits", "made", "hit rate", "products", "size", "evicted", box=None, pad_edge=False)
    for row in rows:
        rate = "-" if row["hit_rate"] is None else f"{100 * row['hit_rate']:.1f} %"
        numbers = [str(row[name]) for name in ("hits", "made")]
        table.add_row(
            f"{row['instrument']}/{row['stage']}",
            *numbers,
            rate,
            str(row["products"]),
            _size(row["bytes"]),
            str(row["evicted"]),
        )
    _console.print(table)
    total = sum(row["bytes"] for row in rows)
    _console.print(
        f"{_size(total)} in all; {pinned} products pinned" + ("" if complete else "; index not complete yet")
    )


@app.command()
def verify(
    sample: Annotated[int | None, typer.Option(min=1, help="Only so many products, chosen anew each time.")] = None,
    repair: Annotated[bool, typer.Option("--repair", help="Remove damaged products: they are made again.")] = False,
) -> None:
    """Read every file of every product and compare its hash with the manifest. Exit status 1 if one is damaged."""
    with servers("cache verify") as given:
        objects, index = given.objects, given.index
        verification, eviction = Verification(objects), Eviction(objects, index, _owner())
        keys = verification.sample(verification.committed(), sample)
        files = size = damaged = 0
        began = time.monotonic()
        for checked in verification.verify(keys):
            files, size = files + checked.files, size + checked.bytes
            if checked.damage:
                damaged += 1
                done = _repair(eviction, checked.key, checked.damage) if repair else ""
                print(f"damaged: {checked.key}: {checked.damage}{done}")
    seconds = time.monotonic() - began
    print(f"{len(keys)} products, {files} files, {_size(size)} in {seconds:.1f} s: {damaged or 'none'} damaged")
    raise typer.Exit(1 if damaged else 0)


@app.command()
def pin(
    which: Annotated[str, typer.Argument(metavar="JOB|KEY", help="A job, for its results, or one product.")],
    reason: Annotated[str, typer.Option(help="Why they must stay, e.g. a publication.")],
    everything: Annotated[bool, typer.Option("--all", help="Of a job also what the results were merged from.")] = False,
) -> None:
    """Keep products for ever, whatever the limits."""
    with servers("cache pin") as given:
        keys = _keys(given, which, everything=everything)
        Pins(given.objects, given.index).put(Pin(name=which, reason=reason, keys=keys, pinned=utc_now()))
        products = Products(given.objects, given.index)
        gone = sum(products.find(key) is None for key in keys)
    print(f"pinned: {len(keys)} products under the name {which}")
    if gone:
        print(f"{gone} of them were removed before: have them made again with `odamesh submit --again`")


@app.command()
def unpin(name: Annotated[str, typer.Argument(help="As `odamesh cache pins` shows it.")]) -> None:
    """Let the products of a pin go when their time comes."""
    with servers("cache unpin") as given:
        Pins(given.objects, given.index).remove(name)
    print(f"unpinned: {name}")


@app.command()
def pins(as_json: AsJson = False) -> None:
    """List the pins."""
    table = Table("name", "products", "since", "reason", box=None, pad_edge=False)
    with servers("cache pins") as given:
        found = list(Pins(given.objects, given.index).all())
    if as_json:
        print_json([entry.model_dump(mode="json") for entry in found])
        return
    for entry in found:
        table.add_row(entry.name, str(len(entry.keys)), entry.pinned[:10], entry.reason)
    _console.print(table)


@app.command()
def evict(
    keys: Annotated[list[str] | None, typer.Argument(metavar="[KEY]...", help="Products.")] = None,
    to: Annotated[float | None, typer.Option(min=0, help="The longest unused, until so many GiB are left.")] = None,
    unused: Annotated[float | None, typer.Option(min=0, help="Those not used for so many days.")] = None,
) -> None:
    """Remove the files of products; pinned ones stay, and what a running job needs. All can be made again."""
    if sum(given is not None for given in (keys or None, to, unused)) != 1:
        print("odamesh cache evict: give either products, or --to, or --unused", file=sys.stderr)
        raise typer.Exit(2)
    refused: dict[Refused, int] = {}
    removed = 0
    with servers("cache evict") as given:
        objects, index = given.objects, given.index
        eviction, stock = Eviction(objects, index, _owner()), Stock(index)
        before = stock.bytes()
        longest = (key for key, _ in eviction.unused(None if unused is None else time.time() - 86_400 * unused))
        for key in keys or longest:
            if to is not None and stock.bytes() <= to * _GIB:
                break
            why_not = eviction.evict(key, "by the operator")
            if why_not is None:
                removed += 1
            else:
                refused[why_not] = refused.get(why_not, 0) + 1
        freed = before - stock.bytes()
    print(f"removed {removed} products, {_size(freed)}")
    if refused:
        print("stayed: " + ", ".join(f"{number} {why_not.value}" for why_not, number in refused.items()))
    raise typer.Exit(1 if keys and refused else 0)


def _keys(given: Servers, which: str, *, everything: bool) -> tuple[str, ...]:
    """Return the keys that a job or a key stands for."""
    if _PRODUCT.match(which):
        return (which,)
    if not _JOB.match(which):
        print(f"{which} is neither a job (32 hexadecimal digits) nor a product (64)", file=sys.stderr)
        raise typer.Exit(2)
    jobs = Jobs(given.objects, given.index)
    results = {product.stage for product in jobs.view(which).products}
    if not results:
        print(f"job {which} has no products", file=sys.stderr)
        raise typer.Exit(1)
    found: list[str] = []
    offset = 0
    while rows := jobs.rows(which, offset, _PAGE, _GOOD):
        found += [row.key for row in rows if everything or row.stage in results]
        offset += _PAGE
    return tuple(found)


def _repair(eviction: Eviction, key: str, damage: str) -> str:
    why_not = eviction.evict(key, f"damaged: {damage}")
    return "; removed" if why_not is None else f"; stays: {why_not.value}"


def _owner() -> str:
    return f"operator-{socket.gethostname()}-{os.getpid()}"


def _size(size: float) -> str:
    for unit in ("B", "KiB", "MiB"):
        if size < 1024:
            return f"{size:.0f} {unit}" if unit == "B" else f"{size:.1f} {unit}"
        size /= 1024
    return f"{size:.2f} GiB"
