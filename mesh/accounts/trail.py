"""The audit trail: who did what, in pages by day in MinIO, each of a bounded length and for a bounded time."""

import threading
from collections import deque
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta

import structlog

from mesh.contracts import TrailEntry, TrailPage
from mesh.errors import NotFound, StoreUnavailable
from mesh.store import names
from mesh.store.objects import Objects

_log = structlog.get_logger(__name__)

_JSON = "application/json"
_PAGE = 1000
_WAITING = 20_000
_TEXT = 300


class TrailWriter:
    """Notes what callers do; any thread may use it.

    An entry is in the log at once and in the store with the next `flush`. While the store is away entries wait, up to
    20 000 of them; of more, the oldest are in the log alone.

    Args:
        objects: the store.
        writer: name of this process, unique among those that run.
    """

    def __init__(self, objects: Objects, writer: str) -> None:
        self._objects = objects
        self._writer = writer
        self._waiting: deque[TrailEntry] = deque(maxlen=_WAITING)
        self._page: list[TrailEntry] = []
        self._number = 0
        self._lock = threading.Lock()

    def note(self, entry: TrailEntry) -> None:
        """Note one deed, in the log too; never waits."""
        _log.info("deed", **self.keep(entry).model_dump(exclude_defaults=True))

    def keep(self, entry: TrailEntry) -> TrailEntry:
        """Note one deed for the store alone; returns it as it will be kept."""
        short = entry.model_copy(update={"about": entry.about[:_TEXT], "detail": entry.detail[:_TEXT]})
        self._waiting.append(short)
        return short

    def flush(self) -> None:
        """Bring what waits to the store; keeps it where the store does not answer."""
        with self._lock:
            while self._waiting:
                taken = [self._waiting.popleft() for _ in range(min(len(self._waiting), _PAGE))]
                if not self._write(taken):
                    self._waiting.extendleft(reversed(taken))
                    return

    def _write(self, taken: list[TrailEntry]) -> bool:
        day = taken[0].at[:10]
        # A page has one day, and is written anew with what is added to it.
        if self._page and (self._page[0].at[:10] != day or len(self._page) + len(taken) > _PAGE):
            self._page, self._number = [], self._number + 1
        page = [*self._page, *taken]
        place = names.trail_object(day, f"{self._writer}-{self._number:06d}")
        try:
            self._objects.put(place, TrailPage(entries=tuple(page)).encode(), _JSON)
        except StoreUnavailable as error:
            _log.warning("audit trail waits for the store", entries=len(self._waiting), error=error.text)
            return False
        self._page = page
        return True


def read_trail(objects: Objects, *, days: int = 7, user: str | None = None, limit: int = 100) -> list[TrailEntry]:
    """Return what was done lately, the newest first.

    Args:
        objects: the store.
        days: how far to look back, today included.
        user: only what this caller did; None: everybody.
        limit: most entries to return.

    Raises:
        StoreUnavailable: MinIO is out of reach.
    """
    found: list[TrailEntry] = []
    today = datetime.now(UTC).date()
    for back in range(days):
        entries = _entries_of(objects, today - timedelta(days=back))
        found += sorted((one for one in entries if user in {None, one.caller}), key=lambda one: one.at, reverse=True)
        if len(found) >= limit:
            break
    return found[:limit]


def forget_trail(objects: Objects, days: int) -> int:
    """Delete the pages of days longer ago than *days*; returns how many.

    Raises:
        StoreUnavailable: MinIO is out of reach.
    """
    first_kept = (datetime.now(UTC).date() - timedelta(days=days)).isoformat()
    old = [entry.name for entry in objects.list(names.TRAIL) if entry.name[len(names.TRAIL) :][:10] < first_kept]
    for name in old:
        objects.delete(name)
    return len(old)


def _entries_of(objects: Objects, day: date) -> Iterator[TrailEntry]:
    for entry in objects.list(f"{names.TRAIL}{day.isoformat()}/"):
        try:
            yield from TrailPage.decode(objects.get(entry.name)).entries
        except NotFound:
            continue  # forgotten meanwhile
