"""What the protocol tells of instruments: which there are, their products and parameters."""

from typing import Any

from gateway.oda.instruments import check_product, instrument, known
from gateway.oda.parameters import (
    described,
    instrument_entries,
    parameter_names,
    product_entries,
    source_entries,
)


def instrument_names() -> list[str]:
    """Return the names of the instruments."""
    return list(known())


def names_of_parameters(name: str, product: str) -> list[str]:
    """Return the names of the parameters of a product, or of all where none is named.

    Raises:
        Misunderstood: no such instrument or product.
    """
    chosen, table = instrument(name)
    if product:
        check_product(table, product)
    return parameter_names(chosen, table, product or None)


def metadata(name: str, product: str) -> list[list[Any]]:
    """Return the description of an instrument: its products and queries; with a product, the query of that one only.

    Raises:
        Misunderstood: no such instrument or product.
    """
    chosen, table = instrument(name)
    if product:
        check_product(table, product)
    wanted = [product] if product else list(table.products)
    # The first key is spelt so in the protocol.
    return [
        [
            {"instrumet": name},
            {"prod_dict": {one: f"{one}_query" for one in table.products}},
            [{"query_name": "src_query"}, *described(source_entries())],
            [{"query_name": f"{chosen.name}_parameters"}, *described(instrument_entries(chosen, table))],
            *(
                [{"query_name": f"{one}_query"}, {"product_name": one}, *described(product_entries(chosen, table, one))]
                for one in wanted
            ),
        ]
    ]
