"""The audit trail: nothing is lost while the store is away, nothing grows without end."""

from datetime import UTC, datetime, timedelta

import pytest

from mesh.accounts import trail
from mesh.accounts.trail import TrailWriter, forget_trail, read_trail
from mesh.clock import utc_now
from mesh.contracts import TrailEntry
from tests.unit.accounts_doubles import MemoryObjects


def _entry(number: int, *, caller: str = "ada", days: int = 0) -> TrailEntry:
    at = (datetime.now(UTC) - timedelta(days=days)).isoformat(timespec="microseconds")
    return TrailEntry(at=at, caller=caller, deed="submit", about=f"job-{number}")


def _abouts(entries: list[TrailEntry]) -> list[str]:
    return [entry.about for entry in entries]


def test_the_newest_come_first_and_one_caller_alone() -> None:
    objects = MemoryObjects()
    first, second = TrailWriter(objects, "a"), TrailWriter(objects, "b")
    for number, (writer, caller) in enumerate([(first, "ada"), (second, "bob"), (first, "ada"), (second, "eve")]):
        writer.note(_entry(number, caller=caller))
    for writer in (first, second):
        writer.flush()
    assert _abouts(read_trail(objects)) == ["job-3", "job-2", "job-1", "job-0"]
    assert _abouts(read_trail(objects, user="ada")) == ["job-2", "job-0"]
    assert _abouts(read_trail(objects, limit=1)) == ["job-3"]


def test_a_page_is_bounded_and_what_was_written_stays(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(trail, "_PAGE", 10)
    objects = MemoryObjects()
    writer = TrailWriter(objects, "a")
    for number in range(35):
        writer.note(_entry(number))
        if number % 3 == 0:
            writer.flush()
    writer.flush()
    assert sorted(_abouts(read_trail(objects)), key=lambda text: int(text[4:])) == [f"job-{n}" for n in range(35)]
    assert 4 <= len(objects.content) <= 6


def test_entries_wait_for_the_store_in_their_order() -> None:
    objects = MemoryObjects()
    writer = TrailWriter(objects, "a")
    writer.note(_entry(0))
    writer.flush()
    objects.away = True
    for number in range(1, 4):
        writer.note(_entry(number))
        writer.flush()
    objects.away = False
    assert _abouts(read_trail(objects)) == ["job-0"]
    writer.flush()
    assert _abouts(read_trail(objects)) == ["job-3", "job-2", "job-1", "job-0"]


def test_days_are_pages_of_their_own_and_old_ones_are_forgotten() -> None:
    objects = MemoryObjects()
    writer = TrailWriter(objects, "a")
    for days in (100, 8, 1, 0):
        writer.note(_entry(days, days=days))
        writer.flush()
    assert len(objects.content) == 4
    assert _abouts(read_trail(objects, days=7)) == ["job-0", "job-1"]
    assert forget_trail(objects, 90) == 1
    assert _abouts(read_trail(objects, days=200)) == ["job-0", "job-1", "job-8"]


def test_texts_have_an_end() -> None:
    objects = MemoryObjects()
    writer = TrailWriter(objects, "a")
    writer.note(TrailEntry(at=utc_now(), caller="ada", deed="refused", about="x" * 10_000, detail="y" * 10_000))
    writer.flush()
    (entry,) = read_trail(objects)
    assert len(entry.about) == len(entry.detail) == 300
