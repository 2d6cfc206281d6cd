"""Connect to a mesh and ask for analyses: ``odamesh.connect().isgri.image(scws=[...], bands=[(20, 40)])``."""

import os
import uuid
from collections.abc import Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import Any

from odamesh.configuration import configured
from odamesh.errors import JobDeleted
from odamesh.instrument_client import Instrument, ProductClient
from odamesh.job import Job
from odamesh.kept_tokens import token_for
from odamesh.links import Link, cite, parts_of
from odamesh.short_ids import alike, is_short, only_one
from odamesh.times import utc
from odamesh.transport import API, DEFAULT_URL, Transport, address_of
from odamesh.unit_table import html_table
from odamesh.uploads import content_of, files_in, is_hash
from odamesh.wishes import body

_KEY_DIGITS = 64
_JOB_DIGITS = 32


def connect(url: str | None = None, *, token: str | None = None) -> "Mesh":
    """Connect to the gateway at *url*, else at that of `odamesh.configuration`, else on this machine.

    Args:
        url: address of the gateway.
        token: shows who calls; by default that of ODAMESH_TOKEN, else what `odamesh login` kept for the address.

    Raises:
        MeshUnavailable: nobody answers there.
        UnexpectedAnswer: something else than a mesh answers there.
        NotSignedIn: the mesh is for callers with an account.
        WrongValue: the address is none.
    """
    address = address_of(url or configured("url") or DEFAULT_URL)
    return Mesh(Transport(address, token=token or token_for(address)))


class Mesh:
    """A mesh; its instruments are attributes: ``mesh.isgri``."""

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        found: Iterable[Mapping[str, Any]] = transport.get(f"{API}/instruments")
        make = partial(ProductClient, self)
        self.instruments = {str(entry["name"]): Instrument(entry, make) for entry in found}

    def __getattr__(self, name: str) -> Instrument[ProductClient]:
        """Return the instrument of that name."""
        instruments: dict[str, Instrument[ProductClient]] = self.__dict__.get("instruments", {})
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

    def _repr_html_(self) -> str:
        rows = [(entry.name, entry.title, ", ".join(entry.products)) for entry in self.instruments.values()]
        return f"<p>{self._transport.url}</p>" + html_table(("instrument", "", "products"), rows)

    def close(self) -> None:
        """Close the connections; jobs go on."""
        self._transport.close()

    def product(self, instrument: str, product: str) -> ProductClient | None:
        """Return a product by its short or full name, or None."""
        known = self.instruments.get(instrument)
        return known.find(product) if known else None

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
            WrongValue: a parameter that cannot be sent.
        """
        sent = self._body(instrument, product, selection, parameters, lane=lane, user=user)
        # The key makes a resend after a broken connection the same job.
        return Job(self._transport, self._transport.post(f"{API}/jobs", sent, {"Idempotency-Key": uuid.uuid4().hex}))

    def upload(self, given: str | os.PathLike[str] | bytes) -> str:
        """Send a file, e.g. a sky map, as input of jobs; return the SHA-256 that parameters name it by.

        Parameters that take such files take paths too, and send them by themselves.

        Args:
            given: its path, or its content.

        Raises:
            WrongValue: it cannot be read.
        """
        return str(self._transport.post_file(f"{API}/uploads", content_of(given))["sha256"])

    def check(
        self,
        instrument: str,
        product: str,
        selection: Mapping[str, Any],
        parameters: Mapping[str, Any] | None = None,
    ) -> dict[str, Any]:
        """Check an analysis without having it done; return the request with every default filled in, and its key.

        Raises:
            RequestRefused: names the fields to change.
        """
        sent = self._body(instrument, product, selection, parameters)
        found: dict[str, Any] = self._transport.post(f"{API}/requests", sent, {})
        return found

    def again(self, which: str, *, lane: str = "user", user: str | None = None) -> Job:
        """Have an earlier request made again; return the new job at once.

        What is in the store is used, what is not is computed.

        Args:
            which: id of a job, also of a deleted one as long as its request is known, or key of a request.
            lane: ``user``, ``batch`` or ``alert``.
            user: whose job it is.

        Raises:
            NoSuchThing: no such job or request.
        """
        key = which if len(which) == _KEY_DIGITS else self._request_key(which)
        sent: dict[str, Any] = {"lane": lane, **({"user": user} if user is not None else {})}
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        return Job(self._transport, self._transport.post(f"{API}/requests/{key}/jobs", sent, headers))

    def _request_key(self, job_id: str) -> str:
        try:
            return self.job(job_id).view.request_key
        except JobDeleted as error:
            return error.request_key

    def job(self, job_id: str) -> Job:
        """Return a job by its id, or by so many of its first digits, at least four, that they tell it from others.

        Raises:
            NoSuchThing: no such job.
            AmbiguousId: several jobs have an id that begins so; names them.
        """
        text = job_id.strip().lower()
        if is_short(text):
            text = only_one(text, self._transport.get(f"{API}/jobs", alike(text))["jobs"])
        return Job(self._transport, self._transport.get(f"{API}/jobs/{text}"))

    def manifest(self, key: str) -> dict[str, Any]:
        """Return the manifest of a product: files with checksums, inputs, image, parameters, what it took.

        Raises:
            NoSuchThing: no such product, or removed: then it says how to have it again.
        """
        found: dict[str, Any] = self._transport.get(f"{API}/products/{key}")
        return found

    def open(self, link: str) -> Link:
        """Open the permanent link of a request of this mesh; what was removed from the store is made again.

        Args:
            link: address, signed or not, or from 20 to 64 digits of the key of a request.

        Raises:
            NoSuchThing: nobody ever asked for it.
            NotAllowed: its signature does not count (any more), or it needs a role.
            WrongValue: it is no permanent link.
        """
        _, digits, query = parts_of(link)
        return Link(self._transport, digits, query)

    def cite(self, which: str, *, bibtex: bool = False) -> str:
        """Return how to cite a job or a permanent link, as text or as an entry for BibTeX."""
        if "/" in which or (len(which) > _JOB_DIGITS and len(which) <= _KEY_DIGITS):
            _, digits, query = parts_of(which)
            return cite(self._transport, digits, query, bibtex=bibtex)
        return cite(self._transport, self._request_key(which), bibtex=bibtex)

    def resolve(self, name: str) -> dict[str, Any]:
        """Return the position of a source by its name: ``name``, ``ra`` and ``dec`` in degrees, ``origin`` and more.

        Raises:
            NoSuchThing: nobody knows the name; says who was asked.
            RequestRefused: the name stands for several sources; names them.
        """
        found: dict[str, Any] = self._transport.get(f"{API}/names", {"name": name})
        return found

    def time(self, value: Any, *, format: str = "", scale: str = "utc") -> dict[str, Any]:  # noqa: A002 - astropy's word
        """Return a time in every form: UTC, TT, MJD, IJD, GPS, revolution, science window.

        Args:
            value: a time, ``REV 2016``, or a science window.
            format: as astropy calls it, or ``ijd``; by default the text tells.
            scale: of dates and days: ``utc``, ``tt`` or ``tai``.

        Raises:
            RequestRefused: it is no time; says what is one.
            NoSuchThing: a revolution or window is asked for, and the mesh has no archive that knows it.
        """
        text = value if isinstance(value, (str, int, float)) else utc("value", value)
        found: dict[str, Any] = self._transport.get(f"{API}/time", {"value": text, "format": format, "scale": scale})
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

    def _body(
        self,
        instrument: str,
        product: str,
        selection: Mapping[str, Any],
        parameters: Mapping[str, Any] | None,
        *,
        lane: str = "user",
        user: str | None = None,
    ) -> dict[str, Any]:
        known = self.product(instrument, product)
        types = known.types if known else {}
        sent = {
            name: [entry if is_hash(entry) else self.upload(entry) for entry in given]
            for name, given in files_in(parameters or {}, types).items()
        }
        return body(
            instrument=instrument,
            product=known.name if known else product,  # the gateway explains what it does not know
            selection=selection,
            parameters={**(parameters or {}), **sent},
            types=types,
            lane=lane,
            user=user,
        )
