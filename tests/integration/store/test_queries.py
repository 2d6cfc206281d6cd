"""Queries in the real Redis: who has which, how one is changed by two at once, and when they are forgotten."""

import threading
import time
from datetime import UTC, datetime, timedelta

import pytest
import redis

from mesh.store import names
from mesh.store.queries import Queries, Query, pack

_PENDING, _RUNS = frozenset({"PENDING"}), frozenset({"EXECUTING"})


@pytest.fixture
def queries(index: redis.Redis) -> Queries:
    return Queries(index)


def _query(number: int, owner: str = "ada", seconds: float = 3600) -> Query:
    now = datetime.now(UTC)
    return Query(
        job_id=f"{number:032x}",
        owner=owner,
        sent={"query": ("SELECT 1",)},
        created=(now + timedelta(milliseconds=number)).isoformat(),
        destruction=(now + timedelta(seconds=seconds)).isoformat(),
        phase="PENDING",
    )


def test_each_has_their_own_and_the_newest_comes_first(queries: Queries) -> None:
    mine, theirs, newer = _query(1), _query(2, "bob"), _query(3)
    for query in (mine, theirs, newer):
        queries.put(query)
    assert queries.get(mine.job_id) == mine
    assert queries.of("ada") == [newer, mine]
    assert queries.of(None) == [newer, theirs, mine]
    assert queries.count("ada") == (2, 3)
    queries.put_table(mine, pack(b"table"))
    assert queries.table(mine.job_id) == b"table"
    queries.put_uploads(mine, {"a": pack(b"1")})
    queries.put_uploads(mine, {"b": pack(b"2")})
    assert queries.uploads(mine.job_id) == {"a": b"1", "b": b"2"}
    queries.delete(mine)
    assert (queries.get(mine.job_id), queries.table(mine.job_id), queries.uploads(mine.job_id)) == (None, None, {})
    assert queries.count("ada") == (1, 2)


def test_of_many_who_start_a_query_one_does(queries: Queries) -> None:
    query = _query(1)
    queries.put(query)
    moved: list[Query | None] = []
    begin = threading.Barrier(8)

    def start(number: int) -> None:
        begin.wait()
        moved.append(queries.change(query.job_id, _PENDING, {"phase": "EXECUTING", "started": str(number)}))

    threads = [threading.Thread(target=start, args=(number,)) for number in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    (won,) = [one for one in moved if one is not None]
    assert queries.get(query.job_id) == won
    assert queries.change(query.job_id, _PENDING, {"phase": "ABORTED"}) is None
    assert queries.change("f" * 32, _RUNS, {"phase": "ABORTED"}) is None


def test_they_are_forgotten_when_their_time_has_come(queries: Queries, index: redis.Redis) -> None:
    soon, later = _query(1, seconds=2), _query(2)
    for query in (soon, later):
        queries.put(query)
        queries.put_table(query, pack(b"table"))
        queries.put_uploads(query, {"mine": pack(b"sent")})
    longer = {"destruction": (datetime.now(UTC) + timedelta(hours=5)).isoformat()}
    queries.change(later.job_id, _PENDING, longer)
    assert 4 * 3600 < int(index.ttl(names.query_table(later.job_id))) <= 5 * 3600
    assert 4 * 3600 < int(index.ttl(names.query_uploads(later.job_id))) <= 5 * 3600
    assert 4 * 3600 < int(index.ttl(names.queries_of("ada"))) <= 5 * 3600
    end = time.monotonic() + 20
    while queries.get(soon.job_id) is not None and time.monotonic() < end:
        time.sleep(0.05)
    assert (queries.get(soon.job_id), queries.table(soon.job_id)) == (None, None)
    assert [query.job_id for query in queries.of("ada")] == [later.job_id]
    assert queries.count("ada") == (1, 1)
    assert index.zrange(names.queries_of("ada"), 0, -1) == [later.job_id]
    assert all(int(index.ttl(key)) > 0 for key in index.scan_iter("queries:*"))
