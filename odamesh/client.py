"""Connect to a mesh and ask for analyses: ``odamesh.connect().isgri.image(scws=[...], bands=[(20, 40)])``."""

import os
import uuid
from collections.abc import Iterable, Mapping, Sequence
from types import TracebackType
from typing import Any

from odamesh.errors import JobDeleted, OdameshError
from odamesh.job import Job
from odamesh.transport import API, DEFAULT_URL, Transport

_KEY_DIGITS = 64


def connect(url: str | None = None) -> "Mesh":
    """Connect to the gateway at *url*, else at ``ODAMESH_URL``, else on this machine.

    Raises:
        MeshUnavailable: nobody answers there.
        UnexpectedAnswer: something else than a mesh answers there.
    """
    return Mesh(Transport(url or os.environ.get("ODAMESH_URL") or DEFAULT_URL))


class Mesh:
    """A mesh; its instruments are attributes: ``mesh.isgri``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        found: Iterable[Mapping[str, Any]] = transport.get(f"{API}/instruments")
        self.instruments = {str(entry["name"]): InstrumentClient(self, entry) for entry in found}

    def __getattr__(self, name: str) -> "InstrumentClient":
        """Return the instrument of that name."""
        instruments: dict[str, InstrumentClient] = self.__dict__.get("instruments", {})
        if name not in instruments:
            msg = f"this mesh has no instrument {name!r}; it has: {', '.join(instruments)}"
            raise AttributeError(msg)
        return instruments[name]

    def __dir__(self) -> list[str]:
        """Offer the instruments to completion."""
        return [*super().__dir__(), *self.instruments]

    def __enter__(self) -> "Mesh":
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        """Say where the mesh is and what it has."""
        return f"<Mesh {self._transport.url}: {', '.join(self.instruments)}>"

    def close(self) -> None:
        """Close the connections; jobs go on."""
        self._transport.close()

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
        """Submit one analysis in the words of the HTTP interface; return the job at once.

        Raises:
            RequestRefused: names the fields to change.
        """
        body: dict[str, Any] = {
            "instrument": instrument,
            "product": product,
            "selection": dict(selection),
            "parameters": {name: _named(value) for name, value in (parameters or {}).items()},
            "lane": lane,
        }
        if user is not None:
            body["user"] = user
        # The key makes a resend after a broken connection the same job.
        return Job(self._transport, self._transport.post(f"{API}/jobs", body, {"Idempotency-Key": uuid.uuid4().hex}))

    def again(self, which: str, *, lane: str = "user", user: str | None = None) -> Job:
        """Have an earlier request made again; return the new job at once.

        What is in the store is used, what is not is computed.

        Args:
            which: id of a job, also of a deleted one as long as its request is known, or key of a request.
            lane: ``user`` or ``batch``.
            user: whose job it is.

        Raises:
            NoSuchThing: no such job or request.
        """
        key = which if len(which) == _KEY_DIGITS else self._request_key(which)
        body: dict[str, Any] = {"lane": lane, **({"user": user} if user is not None else {})}
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        return Job(self._transport, self._transport.post(f"{API}/requests/{key}/jobs", body, headers))

    def _request_key(self, job_id: str) -> str:
        try:
            return self.job(job_id).view.request_key
        except JobDeleted as error:
            return error.request_key

    def job(self, job_id: str) -> Job:
        """Return a job by its id.

        Raises:
            NoSuchThing: no such job.
        """
        return Job(self._transport, self._transport.get(f"{API}/jobs/{job_id}"))

    def manifest(self, key: str) -> dict[str, Any]:
        """Return the manifest of a product: files with checksums, inputs, image, parameters, what it took.

        Raises:
            NoSuchThing: no such product, or removed: then it says how to have it again.
        """
        found: dict[str, Any] = self._transport.get(f"{API}/products/{key}")
        return found

    def jobs(self, user: str | None = None, limit: int = 20) -> list[Job]:
        """Return the newest jobs, newest first."""
        found: list[Job] = []
        path: str | None = f"{API}/jobs"
        params: dict[str, Any] | None = {"limit": min(limit, 100), **({"user": user} if user else {})}
        while path and len(found) < limit:
            page = self._transport.get(path, params)
            found.extend(Job(self._transport, document) for document in page["jobs"])
            path, params = page["next"], None
        return found[:limit]


class InstrumentClient:
    """One instrument; its products are methods: ``mesh.isgri.image(...)``."""

    def __init__(self, mesh: Mesh, document: Mapping[str, Any]) -> None:
        self._mesh = mesh
        self.name = str(document["name"])
        self.__doc__ = f"{document['title']}. {document['help']}"
        made = [ProductClient(mesh, self.name, name, entry) for name, entry in document["products"].items()]
        self.products = {product.short_name: product for product in made}

    def __getattr__(self, name: str) -> "ProductClient":
        """Return the product of that name, with or without the instrument before it."""
        products: dict[str, ProductClient] = self.__dict__.get("products", {})
        name = name if name in products else name.removeprefix(f"{self.__dict__.get('name')}_")
        if name not in products:
            msg = f"{self.__dict__.get('name')} makes no {name!r}; it makes: {', '.join(products)}"
            raise AttributeError(msg)
        return products[name]

    def __call__(self, **wishes: Any) -> Job:
        """Have the product made that has the name of the instrument: ``mesh.spectral_fit(...)``."""
        if self.name not in self.products:
            msg = f"{self.name} is no product; it makes: {', '.join(self.products)}"
            raise TypeError(msg)
        return self.products[self.name](**wishes)

    def __dir__(self) -> list[str]:
        """Offer the products to completion."""
        return [*super().__dir__(), *self.products]

    def __repr__(self) -> str:
        """Say what the instrument makes."""
        return f"<{self.name}: {', '.join(self.products)}>"


class ProductClient:
    """One product of an instrument: call it to have it made."""

    def __init__(self, mesh: Mesh, instrument: str, name: str, document: Mapping[str, Any]) -> None:
        self._mesh = mesh
        self._instrument = instrument
        self.name = name
        self.short_name = name.removeprefix(f"{instrument}_")
        self.parameters: dict[str, Any] = dict(document["parameters"])
        self.__doc__ = _describe(document)

    def __call__(
        self,
        *,
        scws: Sequence[str] | None = None,
        t1: str | None = None,
        t2: str | None = None,
        ra: float | None = None,
        dec: float | None = None,
        radius: float | None = None,
        max_pointings: int | None = None,
        lane: str = "user",
        user: str | None = None,
        wait: bool = True,
        **parameters: Any,
    ) -> Job:
        """Submit; with *wait* return when the job has ended, else at once.

        Args:
            scws: science windows, e.g. ``["201600270010"]``; or else
            t1: start, UTC in ISO form, with
            t2: end, and optionally
            ra: right ascension of a cone's centre [deg], with
            dec: its declination [deg], and
            radius: its radius [deg].
            max_pointings: at most that many windows of a selection by time.
            lane: ``user`` or ``batch``.
            user: whose job it is.
            wait: whether to wait for the end.
            parameters: what differs from the defaults; see the product's help.

        Raises:
            RequestRefused: names the fields to change.
            JobFailed: what was asked for was not made (with *wait*).
        """
        region = selection(scws=scws, t1=t1, t2=t2, ra=ra, dec=dec, radius=radius, max_pointings=max_pointings)
        job = self._mesh.submit(self._instrument, self.name, region, parameters, lane=lane, user=user)
        return job.wait() if wait else job

    def __repr__(self) -> str:
        """Say what the product takes."""
        return f"<{self.name}: {', '.join(self.parameters)}>"


def _named(value: Any) -> Any:
    """Return the ids of jobs that a parameter names as inputs; everything else as it is."""
    if isinstance(value, Job):
        return [value.id]
    if isinstance(value, (list, tuple)):
        return [entry.id if isinstance(entry, Job) else entry for entry in value]
    return value


class IncompleteSelection(OdameshError, ValueError):
    """Coordinates or times that only make sense together are not all there."""


def selection(
    *,
    scws: Sequence[str] | None = None,
    t1: str | None = None,
    t2: str | None = None,
    ra: float | None = None,
    dec: float | None = None,
    radius: float | None = None,
    max_pointings: int | None = None,
) -> dict[str, Any]:
    """Return a selection in the words of the HTTP interface; the gateway checks the values.

    Raises:
        IncompleteSelection: t1 without t2, or a cone that is not whole.
    """
    chosen: dict[str, Any] = {}
    if scws is not None:
        chosen["scws"] = [str(scw) for scw in scws]
    if group := _whole({"t1": t1, "t2": t2}):
        chosen["time"] = group
    if group := _whole({"ra": ra, "dec": dec, "radius": radius}):
        chosen["cone"] = group
    if max_pointings is not None:
        chosen["max_pointings"] = max_pointings
    return chosen


def _whole(group: Mapping[str, Any]) -> dict[str, Any]:
    """Return the group if all of it is given, nothing if nothing is."""
    given = {name: value for name, value in group.items() if value is not None}
    if given and len(given) < len(group):
        missing = ", ".join(name for name in group if name not in given)
        raise IncompleteSelection(f"{', '.join(given)} needs {missing} as well")
    return given


def _describe(document: Mapping[str, Any]) -> str:
    lines = [f"{document['title']}. {document['help']}", "", "Parameters:"]
    for name, entry in document["parameters"].items():
        lines.append(f"    {name}: {entry['help']} Allowed: {entry['allowed']}; default {entry['default']!r}.")
    return "\n".join(lines)
