"""Reads everything that the object store holds of the mesh, as one consistent as can be had while it works."""

from collections.abc import Callable, Iterable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import NamedTuple, TypeVar

from mesh.contracts import Analysis, Document, Job, JobEnd, Manifest, RowPage, RunResult
from mesh.errors import ContractViolation, NotFound
from mesh.store import names
from mesh.store.objects import Objects, StoredObject

_READERS = 8

_Document = TypeVar("_Document", bound=Document)


class StoredFile(NamedTuple):
    """A file in the folder of a product."""

    size: int
    """Bytes."""
    modified: float
    """Seconds since 1970."""


@dataclass(frozen=True)
class Documents:
    """What the store holds, by key or id."""

    analyses: Mapping[str, Analysis]
    jobs: Mapping[str, Job]
    stored: Mapping[str, float]
    """When each job was stored [s since 1970]."""
    ends: Mapping[str, JobEnd]
    runs: Mapping[str, RunResult]
    manifests: Mapping[str, Manifest]
    files: Mapping[str, Mapping[str, StoredFile]]
    """Product key -> file name -> file, committed or not."""
    evicted: frozenset[str]
    """Keys of products that were removed on purpose at least once."""
    unreadable: Mapping[str, str] = field(default_factory=dict)
    """Object name -> why it cannot be read."""


def read_documents(objects: Objects) -> Documents:
    """Read all documents; jobs first, so that what is read later is at least as new.

    Raises:
        StoreUnavailable: the store does not answer.
    """
    with ThreadPoolExecutor(_READERS) as threads:
        reader = _Reader(objects, threads)
        listed = list(objects.list(names.JOBS))
        jobs = reader.read(listed, Job)
        analyses = reader.read(objects.list(names.REQUESTS), Analysis)
        ends = reader.read(objects.list(names.ENDS), JobEnd)
        runs = reader.read(objects.list(names.RUNS), RunResult)
        pages = reader.read(objects.list(names.ROWS), RowPage, _page)
        evicted = frozenset(_stem(entry.name) for entry in objects.list(names.EVICTED))
        files: dict[str, dict[str, StoredFile]] = {}
        committed = []
        for entry in objects.list(names.PRODUCTS):
            _, _, key, name = entry.name.split("/", 3)
            files.setdefault(key, {})[name] = StoredFile(entry.size, entry.modified.timestamp())
            if name == names.MANIFEST:
                committed.append(entry)
        manifests = reader.read(committed, Manifest, _folder)
    return Documents(
        analyses=analyses,
        jobs=jobs,
        stored={_stem(entry.name): entry.modified.timestamp() for entry in listed},
        ends=ends,
        runs=_with_all_rows(runs, pages),
        manifests=manifests,
        files=files,
        evicted=evicted,
        unreadable=reader.unreadable,
    )


class _Reader:
    """Reads many objects side by side."""

    def __init__(self, objects: Objects, threads: ThreadPoolExecutor) -> None:
        self._objects = objects
        self._threads = threads
        self.unreadable: dict[str, str] = {}

    def read(
        self, entries: Iterable[StoredObject], schema: type[_Document], key: Callable[[str], str] | None = None
    ) -> dict[str, _Document]:
        """Read objects of one schema, by the key that their names give; one that vanishes meanwhile is left out."""

        def one(name: str) -> _Document | None:
            try:
                return schema.decode(self._objects.get(name))
            except NotFound:
                return None
            except ContractViolation as error:
                self.unreadable[name] = str(error)
                return None

        found = [entry.name for entry in entries]
        documents = zip(found, self._threads.map(one, found), strict=True)
        return {(key or _stem)(name): document for name, document in documents if document is not None}


def _stem(name: str) -> str:
    return name.rsplit("/", 1)[-1].removesuffix(".json")


def _with_all_rows(runs: Mapping[str, RunResult], pages: Mapping[str, RowPage]) -> dict[str, RunResult]:
    """Put the further pages of large runs behind their first rows."""
    rows = {run_id: list(result.rows) for run_id, result in runs.items()}
    for name in sorted(pages):
        page = pages[name]
        if page.run_id in rows:
            rows[page.run_id] += page.rows
    return {run_id: result.model_copy(update={"rows": tuple(rows[run_id])}) for run_id, result in runs.items()}


def _page(name: str) -> str:
    return name.removeprefix(names.ROWS)


def _folder(name: str) -> str:
    return name.split("/")[-2]
