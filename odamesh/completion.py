"""What the shell offers after TAB: instruments, products, parameters and jobs of the mesh; nothing where it is away."""

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress

import httpx
import typer

from odamesh.client import Mesh
from odamesh.configuration import configured
from odamesh.errors import OdameshError
from odamesh.job_record import SHORT_ID
from odamesh.kept_tokens import token_for
from odamesh.transport import DEFAULT_URL, Transport, address_of, is_local

_PATIENCE_SECONDS = 2.0
_JOBS = 50

Offer = tuple[str, str]
"""What is completed, and a word on it."""


def instruments(context: typer.Context, incomplete: str) -> list[Offer]:
    """Offer the instruments."""
    return _ask(context, incomplete, lambda mesh: ((one.name, one.title) for one in mesh.instruments.values()))


def products(context: typer.Context, incomplete: str) -> list[Offer]:
    """Offer the products of the instrument before, by their short names."""

    def offers(mesh: Mesh) -> Iterator[Offer]:
        known = mesh.instruments.get(str(context.params.get("instrument")))
        for product in known.products.values() if known else ():
            yield product.short_name, product.title

    return _ask(context, incomplete, offers)


def parameters(context: typer.Context, incomplete: str) -> list[Offer]:
    """Offer the parameters of the product before, each with ``=``."""

    def offers(mesh: Mesh) -> Iterator[Offer]:
        chosen = mesh.product(*_instrument_and_product())
        for name, entry in chosen.parameters.items() if chosen else ():
            yield f"{name}=", str(entry["allowed"])

    return _ask(context, incomplete, offers)


def jobs(context: typer.Context, incomplete: str) -> list[Offer]:
    """Offer the newest jobs by the first digits of their ids, or the whole id where more digits are there already."""

    def offers(mesh: Mesh) -> Iterator[Offer]:
        for job in mesh.jobs(limit=_JOBS):
            shown = job.id if len(incomplete) > SHORT_ID else job.id[:SHORT_ID]
            yield shown, f"{job.view.product} {job.state.value}"

    return _ask(context, incomplete, offers)


def _instrument_and_product() -> tuple[str, str]:
    """Return them from the words typed so far: while an option has no value yet, nothing else of a line is parsed."""
    line = os.environ.get("COMP_WORDS") or os.environ.get("_TYPER_COMPLETE_ARGS") or ""
    words = [word for word in line.split()[2:] if not word.startswith("-")]
    return (words[0], words[1]) if len(words) > 1 else ("", "")


def _ask(context: typer.Context, incomplete: str, offers: Callable[[Mesh], Iterable[Offer]]) -> list[Offer]:
    with suppress(OdameshError):
        url = address_of(str(context.params.get("url") or configured("url") or DEFAULT_URL))
        client = httpx.Client(timeout=_PATIENCE_SECONDS, trust_env=not is_local(url))
        with Mesh(Transport(url, client, attempts=1, token=token_for(url))) as mesh:
            return [offer for offer in offers(mesh) if offer[0].startswith(incomplete)]
    return []
