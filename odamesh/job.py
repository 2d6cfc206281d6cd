"""One job, from the caller's side."""

import os
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mesh.contracts import StageProduct, UnitRow
from mesh.states import UnitState, job_is_final
from odamesh.download import fetch, fetch_archive, place_of, refuse_to_overwrite
from odamesh.errors import JobEnded, NoSuchThing, OdameshError
from odamesh.event_stream import follow
from odamesh.job_record import SHORT_ID, JobRecord, apply, view_of
from odamesh.links import cite
from odamesh.log_stream import log_lines
from odamesh.product import Product
from odamesh.progress import Progress
from odamesh.sources import files_of, listed_sources
from odamesh.transport import API, Transport
from odamesh.unit_table import UnitTable

_PAGE = 1000


class Job(JobRecord):
    """A job on the mesh; it goes on whether or not anybody looks at it.

    Get one from ``mesh.<instrument>.<product>(...)`` or ``mesh.job(id)``.
    """

    def __init__(self, transport: Transport, document: Mapping[str, Any]) -> None:
        super().__init__(transport.absolute, document)
        self._transport = transport

    @property
    def products(self) -> tuple[Product, ...]:
        """The results, all of them, however many; of a failed job what came out on the way."""
        if len(self.view.products) < self.view.products_total:
            self.view = self.view.model_copy(update={"products": tuple(self._every_product())})
        return tuple(Product(self._transport, product) for product in self.view.products)

    def refresh(self) -> "Job":
        """Read the record again; return this job."""
        self.view = view_of(self._transport.get(f"{API}/jobs/{self.id}"))
        return self

    def table(self, states: Collection[UnitState] | None = None) -> UnitTable:
        """Return the table science window x step, or only the rows in some states."""
        rows = UnitTable()
        wanted = [state.value for state in states] if states is not None else []
        while True:
            params: dict[str, Any] = {"offset": len(rows), "limit": _PAGE, "state": wanted}
            page = self._transport.get(f"{API}/jobs/{self.id}/units", params)
            rows.extend(UnitRow.read(row) for row in page["rows"])
            if len(page["rows"]) < _PAGE:
                return rows

    def watch(self) -> Iterator[Progress]:
        """Yield the progress whenever something changed, until the job has ended."""
        progress = Progress(self.view)
        for event in follow(self._transport, f"{API}/jobs/{self.id}/events?table=true"):
            if event.name == "end":
                self.refresh()
            elif not apply(event, progress):
                continue  # A kind of event that a newer gateway added.
            elif event.name == "job":
                self.view = progress.view
            progress.view = self.view
            yield progress

    def wait(self, *, progress: bool | None = None) -> "Job":
        """Wait until the job has ended; return it.

        Args:
            progress: whether to draw a progress bar; by default where there is a terminal or a notebook.

        Raises:
            JobFailed: what was asked for was not made; what came out on the way can be downloaded.
            JobAborted: the job was cancelled.
            KeyboardInterrupt: with a note that names the job, which goes on.
        """
        from odamesh.progress_bar import somebody_looks, wait_with_bar  # noqa: PLC0415  # draws jobs itself

        try:
            if not job_is_final(self.state):
                if somebody_looks() if progress is None else progress:
                    wait_with_bar(self)
                else:
                    for _ in self.watch():
                        pass
        except KeyboardInterrupt as interrupt:
            interrupt.add_note(f"job {self.id} goes on; come back to it with mesh.job({self.id[:SHORT_ID]!r})")
            raise
        self.raise_for_state()
        return self

    def delete(self) -> None:
        """Have the job's record deleted, after a cancel if it has not ended; its request and its products stay."""
        self._transport.delete(f"{API}/jobs/{self.id}?destroy=true")

    def share(self, *, stop: bool = False) -> str:
        """Let whoever has its link look at the job and take its products, or (*stop*) no longer; return the link."""
        place = f"{API}/jobs/{self.id}/share"
        self._transport.delete(place) if stop else self._transport.post(place, {}, {})
        self.refresh()
        return self._transport.absolute(f"{API}/jobs/{self.id}")

    def sign_link(self, days: int | None = None) -> str:
        """Return a permanent link that shows the request and products of an account to whoever has it.

        Args:
            days: how long it counts; None: until its owner takes it back.

        Raises:
            NotAllowed: the job is somebody else's, or nobody's: its `link` opens it to all.
            RequestRefused: this mesh asks nobody who they are, and signs nothing.
        """
        return str(self._transport.post(f"{API}/jobs/{self.id}/link", {"days": days}, {})["link"])

    def revoke_links(self) -> None:
        """Take back every link to the request of this job that its owner has signed."""
        self._transport.delete(f"{API}/jobs/{self.id}/link")

    def cite(self, *, bibtex: bool = False) -> str:
        """Return how to cite what the job gave, as text or as an entry for BibTeX."""
        return cite(self._transport, self.view.request_key, bibtex=bibtex)

    def cancel(self) -> "Job":
        """Ask the mesh to cancel the job; an ended job stays as it is."""
        try:
            self._transport.delete(f"{API}/jobs/{self.id}")
        except JobEnded:
            self.refresh()
        return self

    def log(self, scw: str, stage: str | None = None) -> str:
        """Return the log of one science window, or of ``job``, once it has ended; the version may be left out."""
        params = {"stage": stage} if stage else None
        return self._transport.text(f"{API}/jobs/{self.id}/units/{quote(scw, safe='')}/log", params)

    def follow_log(self, scw: str, stage: str | None = None) -> Iterator[str]:
        """Yield the log of one science window, or of ``job``, as it grows, until that unit has ended.

        The version may be left out. Lines in brackets tell what happens to the unit meanwhile.
        """
        params = "follow=true" + (f"&stage={quote(stage, safe='')}" if stage else "")
        path = f"{API}/jobs/{self.id}/units/{quote(scw, safe='')}/log?{params}"
        yield from log_lines(follow(self._transport, path))

    @property
    def sources(self) -> tuple[str, ...]:
        """Names of the sources that have spectra or light curves of their own among the products."""
        return tuple(self._source_files())

    def open(self, name: str | None = None) -> Any:
        """Open a file of the result: FITS as astropy's HDUList, JSON as what it holds; else return its path.

        Args:
            name: of the file; by default the first FITS file of the merged product.

        Raises:
            NoSuchThing: there is no such file.
        """
        products = self.products
        for product in products:
            if name is None or any(file.name == name for file in product.files):
                return product.open(name)
        there = ", ".join(file.name for product in products for file in product.files) or "nothing"
        raise NoSuchThing(f"job {self.id} has no product {name or 'yet'!r}; it has: {there}")

    def plot(self, ax: Any = None) -> Any:
        """Draw the preview of the result with matplotlib; return the axes.

        Args:
            ax: where to draw; by default in a figure of its own.

        Raises:
            NoSuchThing: the products have no preview.
            OdameshError: matplotlib is not installed.
        """
        try:
            import matplotlib.pyplot as plt  # noqa: PLC0415  # only for those who plot
        except ImportError as error:
            raise OdameshError("plotting needs matplotlib: pip install 'odamesh[notebook]'") from error
        for product in self.products:
            if name := next((file.name for file in product.files if file.name.endswith(".png")), None):
                picture = plt.imread(product.fetch(name))
                axes = ax if ax is not None else plt.figure(figsize=_inches(picture)).add_axes((0, 0, 1, 1))
                axes.imshow(picture)
                axes.set_axis_off()
                return axes
        raise NoSuchThing(f"the products of job {self.id} have no preview")

    def download(
        self,
        directory: str | os.PathLike[str] = ".",
        *,
        windows: bool = False,
        source: str | None = None,
        overwrite: bool = False,
    ) -> list[Path]:
        """Bring the products to *directory*, as ``<stage>/<file>`` or ``<stage>/<window>/<file>``; return their paths.

        Files that are there already, with the same checksum, are not fetched again. Give each job a directory of its
        own: a file of the same name from another job is not overwritten.

        Args:
            directory: made if need be.
            windows: also the products of each science window that the result was merged from.
            source: only the files of this source, e.g. ``GX 1+4``, and those that all sources share, as a response.
            overwrite: whether to replace other files that are in the way.

        Raises:
            WouldOverwrite: other files are in the way; nothing was fetched.
            DamagedDownload: a file does not have the announced checksum.
            NoSuchSource: names the sources that there are.
        """
        return list(self.downloads(directory, windows=windows, source=source, overwrite=overwrite))

    def downloads(
        self,
        directory: str | os.PathLike[str] = ".",
        *,
        windows: bool = False,
        source: str | None = None,
        overwrite: bool = False,
    ) -> Iterator[Path]:
        """Do what `download` does, and yield each path as soon as the file is there."""
        if not self.view.products:
            self.refresh()
        others: set[str] = set()
        if source is not None:
            listed = self._source_files()
            others = {file for files in listed.values() for file in files} - set(files_of(listed, source))
        parts = [*(product.part for product in self.products), *(self._merged() if windows else ())]
        chosen = [(part, file) for part in parts for file in part.files if file.name not in others]
        if not overwrite:
            refuse_to_overwrite((place_of(Path(directory), part) / file.name, file.sha256) for part, file in chosen)
        for part, file in chosen:
            yield fetch(self._transport, part.key, file, place_of(Path(directory), part) / file.name)

    def archive(
        self, target: str | os.PathLike[str] | None = None, *, form: str = "zip", overwrite: bool = False
    ) -> Path:
        """Bring all products as one file; return its path.

        Args:
            target: file to write, or a directory; by default in the current one, under the name that the mesh gives.
            form: ``zip``, ``tar``, or ``crate``: with logs, provenance and programs, as a Research Object.
            overwrite: whether to replace a file that is in the way.

        Raises:
            WouldOverwrite: a file is in the way; nothing was fetched.
            NoSuchThing: the job has no products, or they were removed; says how to have them again.
            DamagedDownload: it broke off; nothing is left of it.
        """
        return fetch_archive(
            self._transport, f"{API}/jobs/{self.id}/archive?format={form}", target, overwrite=overwrite
        )

    def provenance(self) -> dict[str, Any]:
        """Return how the products came to be, as W3C PROV-JSON."""
        found: dict[str, Any] = self._transport.get(f"{API}/jobs/{self.id}/provenance")
        return found

    def code(self, language: str = "python") -> str:
        """Return a program that has the same made again, in ``python``, with ``curl``, or with the command: ``cli``."""
        return self._transport.text(f"{API}/jobs/{self.id}/code", {"language": language})

    def _every_product(self) -> Iterator[StageProduct]:
        offset, more = 0, True
        while more:
            page = self._transport.get(f"{API}/jobs/{self.id}/products", {"offset": offset, "limit": _PAGE})
            yield from (StageProduct.read(product) for product in page["products"])
            offset += len(page["products"])
            more = page["next"] is not None

    def _source_files(self) -> dict[str, tuple[str, ...]]:
        """Return source -> files, of all products that have files of their own for each source."""
        found: dict[str, tuple[str, ...]] = {}
        for product in self.products:
            if product.label == "job":
                listed = listed_sources(self._transport.get(f"{API}/products/{product.key}"))
                found.update({name: (*found.get(name, ()), *files) for name, files in listed.items()})
        return found

    def _merged(self) -> Iterator[StageProduct]:
        """Yield the products that are not the result themselves."""
        results = {product.key for product in self.products}
        for row in self.table([UnitState.DONE, UnitState.CACHED]):
            if row.key not in results:
                files = self._transport.get(f"{API}/products/{row.key}")["files"]
                yield StageProduct.read({**row.model_dump(include={"stage", "label", "key"}), "files": files})


def _inches(picture: Any) -> tuple[float, float]:
    height, width = picture.shape[:2]
    return width / 100, height / 100
