"""Callers who ask too often are told the numbers; every answer tells how much is left."""

from typing import Any

import pytest

from gateway.auth.access_file import Access, Rates
from mesh.contracts import Allowance, Allowances
from mesh.store.loads import Load
from tests.unit.gateway.conftest import BODY
from tests.unit.gateway.guarded import MMODA, SIGNING, Guarded


def _with(**rates: int) -> Guarded:
    return Guarded(Access(signing=SIGNING, issuers={"mmoda": MMODA}, rates=Rates(**rates)))


def test_every_answer_tells_what_is_left() -> None:
    gateway = _with(anonymous_a_minute=6)
    first = gateway.call("GET", "/session").headers
    assert first["RateLimit-Policy"] == '"requests";q=6;w=60'
    assert first["RateLimit"] == '"requests";r=5;t=10'
    assert gateway.call("GET", "/nothing").headers["RateLimit"].startswith('"requests";r=4;')
    assert gateway.call("GET", "/session", "ada").headers["RateLimit-Policy"] == '"requests";q=6000;w=60'
    assert "RateLimit" not in gateway.call("GET", "/session", "eve").headers, "operators have no rate"


def test_too_many_requests_are_429_with_the_numbers() -> None:
    gateway = _with(anonymous_a_minute=2)
    for _ in range(2):
        assert gateway.call("GET", "/instruments").status_code == 200
    answer = gateway.call("GET", "/instruments")
    assert (answer.status_code, answer.json()["type"]) == (429, "/api/v1/problems/too-many-requests")
    assert int(answer.headers["Retry-After"]) == 30
    assert answer.headers["RateLimit"] == '"requests";r=0;t=30'
    assert "2 requests in 60 s" in answer.json()["detail"]
    assert gateway.call("GET", "/instruments", client=("192.0.2.9", 1)).status_code == 200, "another address"
    assert gateway.call("GET", "/instruments", "ada").status_code == 200, "an account has its own"
    assert gateway.call("GET", "/livez", whole=True).status_code == 200, "probes are not counted"


@pytest.mark.parametrize("who", [None, "ada"])
def test_too_many_submissions_are_429_and_nothing_is_taken(who: str | None) -> None:
    gateway = _with(anonymous_submissions_an_hour=1, signed_in_submissions_an_hour=1)
    gateway.submit(who)
    again: dict[str, Any] = {"json": BODY}
    answer = gateway.call("POST", "/jobs", who, **again)
    assert (answer.status_code, answer.json()["type"]) == (429, "/api/v1/problems/too-many-requests")
    assert "1 submissions in 3600 s" in answer.json()["detail"]
    assert len(gateway.records.jobs) == 1
    gateway.submit("bob")


def test_zero_is_without_end() -> None:
    gateway = _with(anonymous_a_minute=0, anonymous_submissions_an_hour=0)
    for _ in range(3):
        gateway.submit(None)
    assert "RateLimit" not in gateway.call("GET", "/session").headers


def test_what_waits_is_told_in_the_same_fields() -> None:
    gateway = Guarded()
    gateway.quota.allowances = Allowances(users={"ada": Allowance(jobs=2, units=100)})
    gateway.quota.load = Load(2, 40, 0.0, 0)
    answer = gateway.call("POST", "/jobs", "ada", json=BODY)
    assert answer.status_code == 429
    assert answer.headers["RateLimit-Policy"] == '"jobs";q=2;qu="jobs", "units";q=100;qu="units"'
    assert answer.headers["RateLimit"] == '"jobs";r=0;t=60, "units";r=60;t=60'


def test_who_guesses_tokens_is_not_looked_up_any_more() -> None:
    gateway = Guarded()
    answers = [gateway.call("GET", "/session", f"odm_{n:020x}_{'x' * 43}").status_code for n in range(40)]
    assert answers == [401] * 30 + [429] * 10
    asked = len(gateway.objects.asked)
    assert gateway.call("GET", "/session", f"odm_{99:020x}_{'x' * 43}").status_code == 429
    assert len(gateway.objects.asked) == asked, "the store is spared"
    assert gateway.call("GET", "/session", "ada", client=("192.0.2.9", 1)).status_code == 200


def test_refusals_do_not_fill_the_trail() -> None:
    gateway = Guarded()
    for _ in range(100):
        gateway.call("GET", "/session", "nonsense")
    assert 0 < len(gateway.noted) <= 61
