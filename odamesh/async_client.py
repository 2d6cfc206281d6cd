"""The client for asyncio: ``mesh = await odamesh.connect_async()``, then ``job = await mesh.isgri.image(...)``."""

import os
import uuid
from collections.abc import Iterable, Mapping
from functools import partial
from types import TracebackType
from typing import Any

from odamesh.async_job import AsyncJob
from odamesh.async_transport import AsyncTransport
from odamesh.configuration import configured
from odamesh.instrument_client import Instrument, ProductDescription
from odamesh.kept_tokens import token_for
from odamesh.short_ids import alike, is_short, only_one
from odamesh.transport import API, DEFAULT_URL, address_of
from odamesh.uploads import content_of, files_in, is_hash
from odamesh.wishes import PLACES, body, selection


async def connect_async(url: str | None = None, *, token: str | None = None) -> "AsyncMesh":
    """Connect to the gateway at *url*, else at that of `odamesh.configuration`, else on this machine.

    Args:
        url: address of the gateway.
        token: as of `odamesh.connect`.

    Raises:
        MeshUnavailable: nobody answers there.
        UnexpectedAnswer: something else than a mesh answers there.
        WrongValue: the address is none.
    """
    address = address_of(url or configured("url") or DEFAULT_URL)
    transport = AsyncTransport(address, token=token or token_for(address))
    try:
        return AsyncMesh(transport, await transport.get(f"{API}/instruments"))
    except BaseException:
        await transport.close()
        raise


class AsyncMesh:
    """A mesh; its instruments are attributes, their products coroutines."""

    def __init__(self, transport: AsyncTransport, instruments: Iterable[Mapping[str, Any]]) -> None:
        self._transport = transport
        make = partial(AsyncProductClient, self)
        self.instruments = {str(entry["name"]): Instrument(entry, make) for entry in instruments}

    def __getattr__(self, name: str) -> "Instrument[AsyncProductClient]":
        """Return the instrument of that name."""
        found: dict[str, Instrument[AsyncProductClient]] = self.__dict__.get("instruments", {})
        if name not in found:
            msg = f"this mesh has no instrument {name!r}; it has: {', '.join(found)}"
            raise AttributeError(msg)
        return found[name]

    def __dir__(self) -> list[str]:
        """Offer the instruments to completion."""
        return [*super().__dir__(), *self.instruments]

    async def __aenter__(self) -> "AsyncMesh":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await self.close()

    async def close(self) -> None:
        """Close the connections; jobs go on."""
        await self._transport.close()

    async def submit(
        self,
        instrument: str,
        product: str,
        selection: Mapping[str, Any],
        parameters: Mapping[str, Any] | None = None,
        *,
        lane: str = "user",
        user: str | None = None,
    ) -> AsyncJob:
        """Submit one analysis in the words of the HTTP interface; return the job at once.

        Raises:
            RequestRefused: names the fields to change.
            WrongValue: a parameter that cannot be sent.
        """
        known = self.instruments[instrument].find(product) if instrument in self.instruments else None
        types = known.types if known else {}
        files = {
            name: [entry if is_hash(entry) else await self.upload(entry) for entry in given]
            for name, given in files_in(parameters or {}, types).items()
        }
        sent = body(
            instrument=instrument,
            product=known.name if known else product,
            selection=selection,
            parameters={**(parameters or {}), **files},
            types=types,
            lane=lane,
            user=user,
        )
        headers = {"Idempotency-Key": uuid.uuid4().hex}
        return AsyncJob(self._transport, await self._transport.post(f"{API}/jobs", sent, headers))

    async def upload(self, given: str | os.PathLike[str] | bytes) -> str:
        """Send a file as input of jobs; as `odamesh.Mesh.upload`."""
        return str((await self._transport.post_file(f"{API}/uploads", content_of(given)))["sha256"])

    async def job(self, job_id: str) -> AsyncJob:
        """Return a job by its id, or by so many of its first digits that they tell it from others.

        Raises:
            NoSuchThing: no such job.
            AmbiguousId: several jobs have an id that begins so.
        """
        text = job_id.strip().lower()
        if is_short(text):
            text = only_one(text, (await self._transport.get(f"{API}/jobs", alike(text)))["jobs"])
        return AsyncJob(self._transport, await self._transport.get(f"{API}/jobs/{text}"))

    async def resolve(self, name: str) -> dict[str, Any]:
        """Return the position of a source by its name; as `odamesh.Mesh.resolve`."""
        found: dict[str, Any] = await self._transport.get(f"{API}/names", {"name": name})
        return found

    async def time(self, value: str | float, *, format: str = "", scale: str = "utc") -> dict[str, Any]:  # noqa: A002
        """Return a time in every form; as `odamesh.Mesh.time`."""
        params = {"value": value, "format": format, "scale": scale}
        found: dict[str, Any] = await self._transport.get(f"{API}/time", params)
        return found

    async def jobs(self, user: str | None = None, limit: int = 20) -> list[AsyncJob]:
        """Return the newest jobs, at most a hundred, newest first."""
        params: dict[str, Any] = {"limit": min(limit, 100), **({"user": user} if user else {})}
        page = await self._transport.get(f"{API}/jobs", params)
        return [AsyncJob(self._transport, document) for document in page["jobs"]]


class AsyncProductClient(ProductDescription):
    """One product of an instrument: await a call to have it made."""

    def __init__(self, mesh: AsyncMesh, instrument: str, name: str, document: Mapping[str, Any]) -> None:
        super().__init__(instrument, name, document)
        self._mesh = mesh

    async def __call__(
        self, *, lane: str = "user", user: str | None = None, wait: bool = True, **wishes: Any
    ) -> AsyncJob:
        """Submit; with *wait* return when the job has ended, else at once.

        Args:
            lane: ``user``, ``batch`` or ``alert``.
            user: whose job it is.
            wait: whether to wait for the end.
            wishes: selection and parameters, as `odamesh.instrument_client.ProductClient` takes them.

        Raises:
            RequestRefused, WrongValue, JobFailed: as there.
        """
        region = selection(**{name: wishes.pop(name) for name in PLACES if name in wishes})
        job = await self._mesh.submit(self._instrument, self.name, region, wishes, lane=lane, user=user)
        return await job.wait() if wait else job
