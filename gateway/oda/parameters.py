"""The parameters of the protocol as it describes them: name, unit, default, restrictions, by query."""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from gateway.oda.osa_versions import VERSIONS
from mesh.instrument import Instrument, OdaApi


@dataclass(frozen=True)
class Entry:
    """One parameter.

    Args:
        name: in the protocol.
        units: as the protocol calls them; ``str`` for texts.
        value: default.
        least: smallest value; None: any.
        most: largest value; None: any.
        allowed: all values; None: any.
        optional: whether it may be left out without having a default.
    """

    name: str
    units: str | None
    value: Any
    least: float | None = None
    most: float | None = None
    allowed: tuple[Any, ...] | None = None
    optional: bool = False

    def described(self) -> dict[str, Any]:
        """Return the entry as an answer carries it."""
        restrictions: dict[str, Any] = {"is_optional": self.optional}
        if self.allowed is not None:
            restrictions["allowed_values"] = list(self.allowed)
        if self.least is not None:
            restrictions["min_value"] = self.least
        if self.most is not None:
            restrictions["max_value"] = self.most
        kind = "string" if self.units == "str" else "number"
        restrictions["schema"] = {"oneOf": [{"type": kind}, {"type": "null"}]} if self.optional else {"type": kind}
        return {
            "name": self.name,
            "units": self.units,
            "value": self.value,
            "restrictions": restrictions,
            "owl_uri": [],
            "extra_metadata": {},
        }


_SOURCE = (
    Entry("src_name", "str", "1E 1740.7-2942"),
    Entry("RA", "deg", 265.97845833, 0.0, 360.0),
    Entry("DEC", "deg", -29.74516667, -90.0, 90.0),
    Entry("T1", "str", "2017-03-06T13:26:48.000"),
    Entry("T2", "str", "2017-03-06T15:32:27.000"),
    Entry("T_format", "str", "isot"),
    Entry("token", "str", None, optional=True),
)


def source_entries() -> tuple[Entry, ...]:
    """Return the parameters that every instrument has."""
    return _SOURCE


def instrument_entries(chosen: Instrument, table: OdaApi) -> Iterator[Entry]:
    """Yield the parameters of an instrument, whatever the product."""
    if table.radius is not None:
        yield Entry("radius", "deg", table.radius, 0.0, 180.0)
        yield Entry("max_pointings", None, None, 1, optional=True)
        yield Entry("integral_data_rights", "str", "public", allowed=("public",))
        yield Entry("osa_version", "str", "OSA11.2", allowed=VERSIONS)
        yield Entry("scw_list", "str", None, optional=True)
    if table.band is not None:
        least, most = (None, None) if table.clip_band else energies(chosen, table)
        yield Entry("E1_keV", "keV", float(table.band[0]), least, most)
        yield Entry("E2_keV", "keV", float(table.band[1]), least, most)
    if "jemx_num" in chosen.parameters:
        yield Entry("jemx_num", None, 2, allowed=(1, 2))
    yield Entry("selected_catalog", "str", None, optional=True)


def product_entries(chosen: Instrument, table: OdaApi, product: str) -> Iterator[Entry]:
    """Yield the parameters of one product."""
    match table.products[product]:
        case "image":
            yield Entry("detection_threshold", "sigma", 7.0, 0.0)
            yield Entry("image_scale_min", None, None, optional=True)
            yield Entry("image_scale_max", None, None, optional=True)
        case "light_curve":
            limits = chosen.parameters["time_bin"]
            yield Entry("time_bin", "s", 1000.0, limits.minimum, limits.maximum)
            yield Entry("time_bin_format", "str", "sec", allowed=("sec", "jd"))
            if table.name == "spi_acs":
                yield Entry("data_level", "str", "ordinary", allowed=("ordinary",))
        case "fit":
            yield Entry("xspec_model", "str", "powerlaw")
        case _:
            return


def energies(chosen: Instrument, table: OdaApi) -> tuple[float, float]:
    """Return the lowest and the highest energy of a band [keV]."""
    declared = chosen.parameters["bands"]
    return table.energies or (declared.minimum or 0.0, math.inf if declared.maximum is None else declared.maximum)


def parameter_names(chosen: Instrument, table: OdaApi, product: str | None) -> list[str]:
    """Return the names of all parameters of a product, or of all products."""
    products = table.products if product is None else [product]
    entries = [*source_entries(), *instrument_entries(chosen, table)]
    entries += [entry for one in products for entry in product_entries(chosen, table, one)]
    return list(dict.fromkeys(entry.name for entry in entries))


def described(entries: Iterator[Entry] | tuple[Entry, ...]) -> list[dict[str, Any]]:
    """Return entries as a query of the protocol lists them."""
    return [entry.described() for entry in entries]
