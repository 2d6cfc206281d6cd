"""One job, from the caller's side."""

import hashlib
import os
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import quote

from mesh.contracts import JobView, StageProduct, UnitRow
from mesh.states import JobState, UnitState, job_is_final
from odamesh.errors import DamagedDownload, JobEnded, OdameshError
from odamesh.event_stream import follow
from odamesh.log_stream import log_lines
from odamesh.sources import files_of, listed_sources
from odamesh.transport import API, Transport

_PAGE = 1000
_CHUNK = 1 << 16


@dataclass
class Progress:
    """Where a job stands, kept up to date by `Job.watch`."""

    view: JobView
    rows: dict[tuple[str, str], UnitRow] = field(default_factory=dict)
    """Rows of the table by stage and science window."""

    @property
    def ended(self) -> bool:
        """Whether the job has ended."""
        return job_is_final(self.view.state)

    @property
    def settled(self) -> int:
        """Number of units that have ended."""
        counts = self.view.counts
        final = (UnitState.DONE, UnitState.CACHED, UnitState.FAILED, UnitState.CANCELLED)
        return sum(counts.get(state, 0) for state in final)


class Job:
    """A job on the mesh; it goes on whether or not anybody looks at it.

    Get one from ``mesh.<instrument>.<product>(...)`` or ``mesh.job(id)``.
    """

    view: JobView
    """The record when it was last read; see `refresh`."""

    def __init__(self, transport: Transport, document: Mapping[str, Any]) -> None:
        self._transport = transport
        self._take(document)

    def __repr__(self) -> str:
        """Say which job and where it stands."""
        counts = ", ".join(f"{number} {state.value}" for state, number in self.counts.items() if number)
        return f"<Job {self.id} {self.state.value}{': ' + counts if counts else ''}>"

    @property
    def id(self) -> str:
        """The job's id: ``mesh.job(id)`` finds it again, today or next year."""
        return self.view.job_id

    @property
    def link(self) -> str:
        """Address of the job's record."""
        return self._transport.absolute(f"{API}/jobs/{self.id}")

    @property
    def state(self) -> JobState:
        """State when the record was last read; see `refresh`."""
        return self.view.state

    @property
    def partial(self) -> bool:
        """Whether the job completed, but some windows gave nothing; `warnings` names them."""
        return self.view.partial

    @property
    def waits(self) -> str:
        """Why nothing of the job ran when the record was last read; empty while something does."""
        return self.view.waits

    @property
    def counts(self) -> dict[UnitState, int]:
        """Units per state when the record was last read."""
        return self.view.counts

    @property
    def warnings(self) -> tuple[str, ...]:
        """A sentence for every science window that gave nothing, with its reason; of many the first hundred."""
        return self.view.warnings

    @property
    def products(self) -> tuple[StageProduct, ...]:
        """The results, file by file: all of them, however many."""
        if len(self.view.products) < self.view.products_total:
            self.view = self.view.model_copy(update={"products": tuple(self._every_product())})
        return self.view.products

    def refresh(self) -> "Job":
        """Read the record again; return this job."""
        self._take(self._transport.get(f"{API}/jobs/{self.id}"))
        return self

    def table(self, states: Collection[UnitState] | None = None) -> list[UnitRow]:
        """Return the table science window x step, or only the rows in some states."""
        rows: list[UnitRow] = []
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
            match event.name:
                case "units":
                    for row in map(UnitRow.read, event.data["rows"]):
                        progress.rows[row.stage, row.label] = row
                case "job":
                    self._take({"products": (), **event.data})
                    progress.view = self.view
                case "end":
                    progress.view = self.refresh().view
                case _:
                    continue  # A kind of event that a newer gateway added.
            yield progress

    def wait(self) -> "Job":
        """Wait until the job has ended; return it.

        Raises:
            JobFailed: what was asked for was not made; what came out on the way can be downloaded.
            JobAborted: the job was cancelled.
        """
        if not job_is_final(self.state):
            for _ in self.watch():
                pass
        if self.state is JobState.ERROR:
            failure = self.view.failure
            reason = f"{failure.reason}: {failure.text}" if failure else "no product came out"
            raise JobFailed(self, f"job {self.id} failed: {reason}")
        if self.state is JobState.ABORTED:
            raise JobAborted(self, f"job {self.id} was cancelled")
        return self

    def delete(self) -> None:
        """Have the job's record deleted, after a cancel if it has not ended; its request and its products stay."""
        self._transport.delete(f"{API}/jobs/{self.id}?destroy=true")

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

    def download(
        self, directory: str | os.PathLike[str] = ".", *, windows: bool = False, source: str | None = None
    ) -> list[Path]:
        """Bring the products to *directory*, as ``<stage>/<file>`` or ``<stage>/<window>/<file>``; return their paths.

        Files that are there already, with the same checksum, are not fetched again.

        Args:
            directory: made if need be.
            windows: also the products of each science window that the result was merged from.
            source: only the files of this source, e.g. ``GX 1+4``, and those that all sources share, as a response.

        Raises:
            DamagedDownload: a file does not have the announced checksum.
            NoSuchSource: names the sources that there are.
        """
        return list(self.downloads(directory, windows=windows, source=source))

    def downloads(
        self, directory: str | os.PathLike[str] = ".", *, windows: bool = False, source: str | None = None
    ) -> Iterator[Path]:
        """Do what `download` does, and yield each path as soon as the file is there."""
        if not self.products:
            self.refresh()
        others: set[str] = set()
        if source is not None:
            listed = self._source_files()
            others = {file for files in listed.values() for file in files} - set(files_of(listed, source))
        for product in [*self.products, *(self._merged() if windows else ())]:
            place = Path(directory) / product.stage / ("" if product.label == "job" else product.label)
            for file in product.files:
                if file.name in others:
                    continue
                target = place / file.name
                if not (target.is_file() and _sha256(target) == file.sha256):
                    self._fetch(f"{API}/products/{product.key}/{quote(file.name)}", target, file.sha256)
                yield target

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

    def _fetch(self, link: str, target: Path, sha256: str) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        part = target.with_name(f"{target.name}.part")
        digest = hashlib.sha256()
        try:
            with self._transport.stream(link) as response, part.open("wb") as stream:
                for chunk in response.iter_bytes(_CHUNK):
                    digest.update(chunk)
                    stream.write(chunk)
            if digest.hexdigest() != sha256:
                raise DamagedDownload(f"{target.name} does not have the announced checksum: download it again")
            part.replace(target)
        finally:
            part.unlink(missing_ok=True)

    def _take(self, document: Mapping[str, Any]) -> None:
        """Keep a job document: the view, without the links."""
        self.view = JobView.read(document)


class JobFailed(OdameshError):
    """What was asked for was not made; ``job.download()`` brings what came out on the way, if anything did."""

    def __init__(self, job: Job, text: str) -> None:
        super().__init__(text)
        self.job = job


class JobAborted(OdameshError):
    """The job was cancelled."""

    def __init__(self, job: Job, text: str) -> None:
        super().__init__(text)
        self.job = job


def _sha256(path: Path) -> str:
    with path.open("rb") as stream:
        return hashlib.file_digest(stream, "sha256").hexdigest()
