"""One job, for programs that run many at once with asyncio."""

import hashlib
import os
from collections.abc import AsyncIterator, Collection, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mesh.contracts import ProductFile, StageProduct, UnitRow
from mesh.states import UnitState, job_is_final
from odamesh.async_transport import AsyncTransport
from odamesh.download import file_link, is_there, place_of, refuse_to_overwrite
from odamesh.errors import DamagedDownload, JobEnded
from odamesh.job_record import JobRecord, apply, view_of
from odamesh.progress import Progress
from odamesh.transport import API
from odamesh.unit_table import UnitTable

_PAGE = 1000


class AsyncJob(JobRecord):
    """A job on the mesh; get one from ``await mesh.<instrument>.<product>(...)`` or ``await mesh.job(id)``."""

    def __init__(self, transport: AsyncTransport, document: Mapping[str, Any]) -> None:
        super().__init__(transport.absolute, document)
        self._transport = transport

    async def refresh(self) -> "AsyncJob":
        """Read the record again; return this job."""
        self.view = view_of(await self._transport.get(f"{API}/jobs/{self.id}"))
        return self

    async def watch(self) -> AsyncIterator[Progress]:
        """Yield the progress whenever something changed, until the job has ended."""
        progress = Progress(self.view)
        async for event in self._transport.follow(f"{API}/jobs/{self.id}/events?table=true"):
            if event.name == "end":
                await self.refresh()
            elif not apply(event, progress):
                continue  # A kind of event that a newer gateway added.
            elif event.name == "job":
                self.view = progress.view
            progress.view = self.view
            yield progress

    async def wait(self) -> "AsyncJob":
        """Wait until the job has ended; return it.

        Raises:
            JobFailed: what was asked for was not made; what came out on the way can be downloaded.
            JobAborted: the job was cancelled.
        """
        if not job_is_final(self.state):
            async for _ in self.watch():
                pass
        self.raise_for_state()
        return self

    async def share(self, *, stop: bool = False) -> str:
        """Let whoever has its link look at the job and take its products, or (*stop*) no longer; return the link."""
        place = f"{API}/jobs/{self.id}/share"
        await (self._transport.delete(place) if stop else self._transport.post(place, {}, {}))
        await self.refresh()
        return self._transport.absolute(f"{API}/jobs/{self.id}")

    async def cancel(self) -> "AsyncJob":
        """Ask the mesh to cancel the job; an ended job stays as it is."""
        try:
            await self._transport.delete(f"{API}/jobs/{self.id}")
        except JobEnded:
            await self.refresh()
        return self

    async def delete(self) -> None:
        """Have the job's record deleted, after a cancel if it has not ended; its request and its products stay."""
        await self._transport.delete(f"{API}/jobs/{self.id}?destroy=true")

    async def table(self, states: Collection[UnitState] | None = None) -> UnitTable:
        """Return the table science window x step, or only the rows in some states."""
        rows = UnitTable()
        wanted = [state.value for state in states] if states is not None else []
        while True:
            params: dict[str, Any] = {"offset": len(rows), "limit": _PAGE, "state": wanted}
            page = await self._transport.get(f"{API}/jobs/{self.id}/units", params)
            rows.extend(UnitRow.read(row) for row in page["rows"])
            if len(page["rows"]) < _PAGE:
                return rows

    async def products(self) -> tuple[StageProduct, ...]:
        """Return the results, all of them, however many; of a failed job what came out on the way."""
        found: list[StageProduct] = []
        while True:
            page = await self._transport.get(f"{API}/jobs/{self.id}/products", {"offset": len(found), "limit": _PAGE})
            found.extend(StageProduct.read(product) for product in page["products"])
            if page["next"] is None:
                return tuple(found)

    async def log(self, scw: str, stage: str | None = None) -> str:
        """Return the log of one science window, or of ``job``, once it has ended; the version may be left out."""
        params = {"stage": stage} if stage else None
        return await self._transport.text(f"{API}/jobs/{self.id}/units/{quote(scw, safe='')}/log", params)

    async def download(self, directory: str | os.PathLike[str] = ".", *, overwrite: bool = False) -> list[Path]:
        """Bring the products to *directory*; return their paths.

        Args:
            directory: made if need be; give each job one of its own.
            overwrite: whether to replace other files that are in the way.

        Raises:
            WouldOverwrite: other files are in the way; nothing was fetched.
            DamagedDownload: a file does not have the announced checksum.
        """
        chosen = [
            (product.key, file, place_of(Path(directory), product) / file.name)
            for product in await self.products()
            for file in product.files
        ]
        if not overwrite:
            refuse_to_overwrite((target, file.sha256) for _, file, target in chosen)
        for key, file, target in chosen:
            await self._fetch(key, file, target)
        return [target for _, _, target in chosen]

    async def _fetch(self, key: str, file: ProductFile, target: Path) -> None:
        if is_there(target, file.sha256):
            return
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        digest = hashlib.sha256()
        try:
            async with self._transport.stream(file_link(key, file.name)) as response:
                with part.open("wb") as stream:
                    async for chunk in response.aiter_bytes():
                        digest.update(chunk)
                        stream.write(chunk)
            if digest.hexdigest() != file.sha256:
                raise DamagedDownload(f"{target.name} does not have the announced checksum: download it again")
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)
