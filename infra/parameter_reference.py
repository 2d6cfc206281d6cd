"""Writes docs/parameters.md, what each product takes, from the files instrument.toml: `make schema`."""

from collections.abc import Iterator
from pathlib import Path

from mesh.instrument import Instrument
from mesh.instruments import instrument_folders, instruments

PAGE = Path(__file__).resolve().parents[1] / "docs" / "parameters.md"
_HEAD = """# Parameters

What each product takes besides the selection of windows or time, with its default. `make schema` makes this page of the
files `services/<instrument>/instrument.toml`; `odamesh describe INSTRUMENT PRODUCT` shows the same of a running mesh.
"""


def reference() -> str:
    """Return the page."""
    folders = instrument_folders()
    known = {name: one for name, one in instruments().items() if "testing" not in folders[name].parts}
    return "\n".join([_HEAD, *(line for one in known.values() for line in _instrument(one))]) + "\n"


def _instrument(one: Instrument) -> Iterator[str]:
    yield f"## {one.title}\n"
    yield f"{one.help}\n"
    takers: dict[str, list[str]] = {}
    for name, product in one.products.items():
        yield f"- `{name}`: {product.title}. {product.help}"
        for parameter in one.product_parameters(name):
            takers.setdefault(parameter, []).append(f"`{name}`")
    yield "\n| parameter | default | allowed | meaning | of |"
    yield "| --- | --- | --- | --- | --- |"
    for parameter, products in takers.items():
        declared = one.parameters[parameter]
        of = "all" if len(products) == len(one.products) else ", ".join(products)
        default = f"`{declared.default!r}`" if declared.default != "" else "none"
        yield f"| `{parameter}` | {default} | {declared.allowed} | {_cell(declared.help)} | {of} |"
    yield ""


def _cell(text: str) -> str:
    return " ".join(text.split()).replace("|", "\\|")


if __name__ == "__main__":
    PAGE.write_text(reference(), encoding="utf-8")
