"""`odamesh instruments` and `odamesh describe`: what a mesh offers, and what each product takes."""

from typing import Annotated, Any

import typer
from rich.table import Table

from odamesh import completion
from odamesh.client import Mesh, connect
from odamesh.command_line import AsJson, Url, console, errors, print_json, say
from odamesh.errors import NoSuchThing
from odamesh.instrument_client import Instrument, ProductClient


def instruments(as_json: AsJson = False, url: Url = None) -> None:
    """List the instruments and their products."""
    with errors(), connect(url) as mesh:
        if as_json:
            print_json([_brief(one) for one in mesh.instruments.values()])
            return
        table = Table("instrument", "product", "makes", box=None, pad_edge=False, header_style="dim")
        for one in mesh.instruments.values():
            for product in one.products.values():
                table.add_row(one.name, product.short_name, product.title)
        console().print(table)


def describe(
    instrument: Annotated[
        str, typer.Argument(help="Instrument, e.g. isgri.", autocompletion=completion.instruments, show_default=False)
    ],
    product: Annotated[
        str | None,
        typer.Argument(help="Product, e.g. image.", autocompletion=completion.products, show_default=False),
    ] = None,
    as_json: AsJson = False,
    url: Url = None,
) -> None:
    """Describe an instrument, or a product with its parameters."""
    with errors(), connect(url) as mesh:
        chosen = _instrument(mesh, instrument)
        if product is None:
            if as_json:
                print_json(_brief(chosen))
                return
            say(console(), f"{chosen.title}. {chosen.help}")
            for one in chosen.products.values():
                say(console(), f"  {one.short_name}: {one.title}. {one.help}")
            return
        found = chosen.find(product)
        if found is None:
            raise NoSuchThing(f"{instrument} makes no {product!r}; it makes: {', '.join(chosen.products)}")
        if as_json:
            print_json(_whole(found))
            return
        say(console(), f"{found.title}. {found.help}")
        for name, entry in found.parameters.items():
            say(console(), f"\n{name} = {entry['default']!r}", "bold")
            say(console(), f"  {entry['help']}\n  Allowed: {entry['allowed']}.")


def _instrument(mesh: Mesh, name: str) -> Instrument[ProductClient]:
    if name not in mesh.instruments:
        raise NoSuchThing(f"this mesh has no instrument {name!r}; it has: {', '.join(mesh.instruments)}")
    return mesh.instruments[name]


def _brief(instrument: Instrument[ProductClient]) -> dict[str, Any]:
    products = [
        {"name": one.name, "short_name": one.short_name, "title": one.title, "help": one.help}
        for one in instrument.products.values()
    ]
    return {"name": instrument.name, "title": instrument.title, "help": instrument.help, "products": products}


def _whole(product: ProductClient) -> dict[str, Any]:
    return {
        "name": product.name,
        "short_name": product.short_name,
        "title": product.title,
        "help": product.help,
        "parameters": product.parameters,
    }
