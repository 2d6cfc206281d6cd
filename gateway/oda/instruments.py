"""Which instruments of the mesh the protocol knows, and under which names: the tables [oda_api] of instrument files."""

from collections.abc import Mapping

from gateway.oda.refusals import Misunderstood
from mesh.instrument import Instrument, OdaApi
from mesh.instruments import instruments


def known() -> Mapping[str, tuple[Instrument, OdaApi]]:
    """Return instrument and table by the name that the protocol has for it."""
    good = instruments().values()
    return {one.oda_api.name: (one, one.oda_api) for one in good if one.oda_api is not None}


def instrument(name: str) -> tuple[Instrument, OdaApi]:
    """Return an instrument by its name in the protocol.

    Raises:
        Misunderstood: names the known ones.
    """
    found = known()
    if name not in found:
        msg = f"instrument {name[:64]!r} is not known; known: {', '.join(found)}"
        raise Misunderstood(msg)
    return found[name]


def check_product(table: OdaApi, product: str) -> None:
    """Return if an instrument has a product in the protocol.

    Raises:
        Misunderstood: names the known ones.
    """
    if product not in table.products:
        msg = f"{table.name} has no product {product[:64]!r}; it has: {', '.join(table.products)}"
        raise Misunderstood(msg)
