"""Polls: one read for all who ask at once, one text for each state, and never anything older than the question."""

import asyncio
import threading
from typing import Any

import httpx
import pytest

from gateway.polls import Polls
from mesh.contracts import JobView
from mesh.errors import NotFound, StoreUnavailable
from mesh.intake import Caller, Scope
from mesh.states import UnitState
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import unit_row
from tests.unit.gateway.guarded import Guarded

_LABEL = "201600270010.001"


def _at_once(gateway: Gateway, paths: list[str]) -> list[httpx.Response]:
    async def ask() -> list[httpx.Response]:
        transport = httpx.ASGITransport(app=gateway.app)
        async with httpx.AsyncClient(transport=transport, base_url="http://gateway.test") as client:
            return await asyncio.gather(*(client.get(f"/api/v1/jobs/{path}") for path in paths))

    return asyncio.run(ask())


def test_many_who_ask_at_once_share_reads(gateway: Gateway) -> None:
    jobs = [gateway.submit() for _ in range(3)]
    answers = _at_once(gateway, jobs * 10)
    assert [answer.json()["job_id"] for answer in answers] == jobs * 10
    assert len(gateway.records.read_together) < 10
    assert all(len(set(asked)) == len(asked) for asked in gateway.records.read_together)


def test_a_job_is_written_again_when_it_has_changed(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> None:
    job_id = gateway.submit()
    gateway.records.plan(job_id, [_LABEL])
    written: list[JobView] = []
    view_as_json = JobView.model_dump_json

    def note(self: JobView, **options: Any) -> str:
        written.append(self)
        return view_as_json(self, **options)

    monkeypatch.setattr(JobView, "model_dump_json", note)
    first, second = (gateway.call("GET", f"/jobs/{job_id}") for _ in range(2))
    assert first.content == second.content
    assert len(written) == 1
    gateway.records.move(job_id, unit_row("image", _LABEL, UnitState.DONE))
    assert gateway.call("GET", f"/jobs/{job_id}").json()["counts"]["done"] == 1


def test_an_answer_is_never_older_than_the_question(gateway: Gateway) -> None:
    """A question that comes while a read is under way waits for the next one."""
    job_id = gateway.submit()
    records = gateway.records
    reading, go_on = threading.Event(), threading.Event()

    def read(job_ids: list[str]) -> dict[str, JobView]:
        found = records.views_of(job_ids)
        reading.set()
        assert go_on.wait(10)
        return found

    async def ask() -> tuple[JobView, JobView]:
        polls = Polls(gateway.app.state.parts.intake, read)
        early = asyncio.create_task(polls.look(job_id, Caller.anybody()))
        await asyncio.to_thread(reading.wait, 10)
        records.plan(job_id, [_LABEL])
        late = asyncio.create_task(polls.look(job_id, Caller.anybody()))
        await asyncio.sleep(0)
        go_on.set()
        return await early, await late

    early, late = asyncio.run(ask())
    assert (early.run_id, late.run_id) == (None, job_id)


def test_who_goes_away_takes_the_answer_from_nobody(gateway: Gateway) -> None:
    job_id = gateway.submit()

    async def ask() -> JobView:
        polls = Polls(gateway.app.state.parts.intake, gateway.records.views_of)
        first, second = (asyncio.create_task(polls.look(job_id, Caller.anybody())) for _ in range(2))
        await asyncio.sleep(0)
        first.cancel()
        return await second

    assert asyncio.run(ask()).job_id == job_id


def test_an_error_reaches_everybody_and_the_next_question_is_answered(gateway: Gateway) -> None:
    job_id = gateway.submit()
    gateway.records.error = StoreUnavailable("Down", "redis does not answer")
    assert {answer.status_code for answer in _at_once(gateway, [job_id] * 3)} == {503}
    gateway.records.error = None
    assert gateway.call("GET", f"/jobs/{job_id}").status_code == 200


def test_a_shared_read_shows_nobody_what_is_not_theirs() -> None:
    guarded = Guarded()
    job_id = guarded.submit("ada")
    parts = guarded.app.state.parts

    async def ask() -> list[object]:
        callers = [Caller.with_roles(name, frozenset(), scopes=frozenset(Scope), address="") for name in ("ada", "bob")]
        looks = (parts.polls.look(job_id, caller) for caller in callers)
        return list(await asyncio.gather(*looks, return_exceptions=True))

    hers, others = asyncio.run(ask())
    assert isinstance(hers, JobView)
    assert isinstance(others, NotFound)
    assert [guarded.call("GET", f"/jobs/{job_id}", who).status_code for who in ("ada", "bob", None)] == [200, 404, 404]
