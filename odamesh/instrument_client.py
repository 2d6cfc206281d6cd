"""The instruments of a mesh and their products, as attributes and methods: ``mesh.isgri.image(...)``."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Generic, Protocol, TypeVar

from odamesh.job import Job
from odamesh.unit_table import html_table
from odamesh.wishes import PLACES, selection

P = TypeVar("P", bound="ProductDescription")


class Submits(Protocol):
    """What an instrument asks of its mesh."""

    def submit(
        self,
        instrument: str,
        product: str,
        selection: Mapping[str, Any],
        parameters: Mapping[str, Any] | None = None,
        *,
        lane: str = "user",
        user: str | None = None,
    ) -> Job:
        """Submit one analysis."""

    def check(
        self,
        instrument: str,
        product: str,
        selection: Mapping[str, Any],
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Check one analysis without having it done."""


class Instrument(Generic[P]):
    """One instrument; its products are methods: ``mesh.isgri.image(...)``."""

    def __init__(self, document: Mapping[str, Any], product: Callable[[str, str, Mapping[str, Any]], P]) -> None:
        self.name = str(document["name"])
        self.title = str(document["title"])
        self.help = str(document["help"])
        self.__doc__ = f"{self.title}. {self.help}"
        made = [product(self.name, name, entry) for name, entry in document["products"].items()]
        self.products = {product.short_name: product for product in made}

    def __getattr__(self, name: str) -> P:
        """Return the product of that name, short or full."""
        found = self.find(name) if "products" in self.__dict__ else None
        if found is None:
            own = self.__dict__
            msg = f"{own.get('name')} makes no {name!r}; it makes: {', '.join(own.get('products', ()))}"
            raise AttributeError(msg)
        return found

    def find(self, name: str) -> P | None:
        """Return a product by its short or full name, or None."""
        for product in self.products.values():
            if name in {product.short_name, product.name, f"{self.name}_{product.short_name}"}:
                return product
        return None

    def __call__(self, **wishes: Any) -> Any:
        """Submit the instrument's product of the same name: ``mesh.spectral_fit(...)``."""
        product: Any = self.products.get(self.name)
        if product is None:
            msg = f"{self.name} is no product; it makes: {', '.join(self.products)}"
            raise TypeError(msg)
        return product(**wishes)

    def __dir__(self) -> list[str]:
        """Offer the products to completion."""
        return [*super().__dir__(), *self.products]

    def __repr__(self) -> str:
        """Say what the instrument makes."""
        return f"<{self.name}: {', '.join(self.products)}>"

    def _repr_html_(self) -> str:
        return f"<p>{self.title}</p>" + html_table(
            ("product", "makes"), [(product.short_name, product.title) for product in self.products.values()]
        )


class ProductDescription:
    """One product of an instrument, and what it takes."""

    def __init__(self, instrument: str, name: str, document: Mapping[str, Any]) -> None:
        self._instrument = instrument
        self.name = name
        self.short_name = short_name(instrument, name)
        self.title = str(document["title"])
        self.help = str(document["help"])
        self.parameters: dict[str, Any] = dict(document["parameters"])
        self.__doc__ = _describe(document)

    @property
    def types(self) -> dict[str, str]:
        """Declared types of the parameters."""
        return {name: str(entry["type"]) for name, entry in self.parameters.items()}

    def __repr__(self) -> str:
        """Say what the product takes."""
        return f"<{self.name}: {', '.join(self.parameters)}>"

    def _repr_html_(self) -> str:
        rows = [(name, entry["allowed"], entry["default"], entry["help"]) for name, entry in self.parameters.items()]
        return f"<p>{self.title}. {self.help}</p>" + html_table(("parameter", "allowed", "default", "meaning"), rows)


class ProductClient(ProductDescription):
    """One product of an instrument: call it to have it made."""

    def __init__(self, mesh: Submits, instrument: str, name: str, document: Mapping[str, Any]) -> None:
        super().__init__(instrument, name, document)
        self._mesh = mesh

    def __call__(
        self,
        *,
        scws: str | Iterable[Any] | None = None,
        t1: Any = None,
        t2: Any = None,
        ra: Any = None,
        dec: Any = None,
        radius: Any = None,
        at: Any = None,
        max_pointings: int | None = None,
        lane: str = "user",
        user: str | None = None,
        wait: bool = True,
        progress: bool | None = None,
        **parameters: Any,
    ) -> Job:
        """Submit; with *wait* return when the job has ended, else at once.

        Args:
            scws: science windows, e.g. ``["201600270010"]``, or one; or else
            t1: start: ISO, MJD, JD, IJD, datetime or Time, with
            t2: end, and optionally
            ra: right ascension of a cone's centre: degrees, ``17:45:40`` or a Quantity, with
            dec: its declination, and
            radius: its radius: degrees, ``30 arcmin`` or a Quantity.
            at: the centre in one piece, instead of ra and dec: a SkyCoord, a pair or a text.
            max_pointings: at most that many windows of a selection by time.
            lane: ``user``, ``batch`` or ``alert``.
            user: whose job it is.
            wait: whether to wait for the end.
            progress: whether to draw a progress bar meanwhile; by default where there is a terminal or a notebook.
            parameters: what differs from the defaults; see the product's help. Numbers of numpy, quantities, arrays
                and tables will do.

        Raises:
            RequestRefused: names the fields to change.
            WrongValue: a time, an angle or a parameter that cannot be sent.
            JobFailed: what was asked for was not made (with *wait*).
        """
        region = selection(scws=scws, t1=t1, t2=t2, ra=ra, dec=dec, radius=radius, at=at, max_pointings=max_pointings)
        job = self._mesh.submit(self._instrument, self.name, region, parameters, lane=lane, user=user)
        return job.wait(progress=progress) if wait else job

    def check(self, **wishes: Any) -> dict[str, Any]:
        """Check what a call would ask for, without having it done; return the request with every default filled in.

        Args:
            wishes: selection and parameters, as for the call.

        Raises:
            RequestRefused: names the fields to change.
        """
        chosen = selection(**{name: wishes.pop(name) for name in PLACES if name in wishes})
        return self._mesh.check(self._instrument, self.name, chosen, wishes)


def short_name(instrument: str, product: str) -> str:
    """Return the name of a product without that of its instrument: ``image``, ``lc``, ``search``.

    The instrument may be written with or without underscores: ``spi_acs_lc`` of ``spiacs`` is ``lc``.
    """
    plain = instrument.replace("_", "")
    for place, sign in enumerate(product):
        if sign == "_" and product[:place].replace("_", "") == plain:
            return product[place + 1 :]
    return product


def _describe(document: Mapping[str, Any]) -> str:
    lines = [f"{document['title']}. {document['help']}", "", "Parameters:"]
    for name, entry in document["parameters"].items():
        lines.append(f"    {name}: {entry['help']} Allowed: {entry['allowed']}; default {entry['default']!r}.")
    return "\n".join(lines)
