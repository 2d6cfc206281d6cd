"""Callers with too much waiting, or who come while planning lags, are told the numbers and when to come again."""

import pytest

from mesh.contracts import Allowance, Allowances
from mesh.intake.quota import MOST_UNPLANNED
from mesh.store.loads import Load
from tests.unit.gateway.conftest import BODY, Gateway

_BUSY = Allowances(users={"ada": Allowance(jobs=2, units=100)})


@pytest.mark.parametrize("load", [Load(2, 10, 0.0, 0), Load(1, 100, 0.0, 0)], ids=["jobs", "units"])
def test_too_much_waiting_is_429_with_the_numbers(gateway: Gateway, load: Load) -> None:
    gateway.quota.allowances, gateway.quota.load = _BUSY, load
    response = gateway.call("POST", "/jobs", json={**BODY, "user": "ada"})
    assert response.status_code == 429
    assert int(response.headers["Retry-After"]) > 0
    problem = response.json()
    assert problem["type"] == "/api/v1/problems/too-much-waiting"
    assert f"{load.units} units (limit 100)" in problem["detail"]
    assert (problem["usage"]["jobs"], problem["usage"]["jobs_limit"]) == (load.jobs, 2)
    assert gateway.records.views == {}, "what is refused was never taken"
    assert gateway.publisher.sent == []


def test_others_are_taken_meanwhile(gateway: Gateway) -> None:
    gateway.quota.allowances, gateway.quota.load = _BUSY, Load(2, 100, 0.0, 0)
    gateway.submit(user="bob")


def test_one_request_may_be_larger_than_the_limit(gateway: Gateway) -> None:
    gateway.quota.allowances = Allowances(everybody=Allowance(units=1))
    gateway.submit()


def test_a_mesh_that_lags_behind_is_503(gateway: Gateway) -> None:
    gateway.quota.load = Load(0, 0, 0.0, MOST_UNPLANNED)
    response = gateway.call("POST", "/jobs", json=BODY)
    assert response.status_code == 503
    assert int(response.headers["Retry-After"]) > 0
    assert response.json()["usage"]["unplanned"] == MOST_UNPLANNED
    assert gateway.records.views == {}


def test_a_job_that_was_taken_is_answered_again_whatever_waits(gateway: Gateway) -> None:
    first = gateway.call("POST", "/jobs", json=BODY, headers={"Idempotency-Key": "k"})
    gateway.quota.load = Load(10_000, 10_000, 0.0, MOST_UNPLANNED)
    again = gateway.call("POST", "/jobs", json=BODY, headers={"Idempotency-Key": "k"})
    assert (again.status_code, again.json()["job_id"]) == (201, first.json()["job_id"])


def test_usage_shows_the_limits_before_they_bite(gateway: Gateway) -> None:
    gateway.quota.allowances = Allowances(users={"ada": Allowance(weight=2, budget_s=600)})
    gateway.quota.load = Load(3, 40, 12.34, 0)
    usage = gateway.call("GET", "/users/ada/usage").json()
    assert (usage["weight"], usage["budget_s"], usage["spent_s"]) == (2, 600, 12.3)
    assert (usage["jobs"], usage["units"]) == (3, 40)
    assert usage["units_limit"] == Allowance().units
    assert gateway.call("GET", "/users/no%20body/usage").status_code == 422


def test_another_name_is_429_when_as_many_share_the_mesh_as_may(gateway: Gateway) -> None:
    gateway.quota.quota.users = lambda user, _most: user == "ada"
    response = gateway.call("POST", "/jobs", json={**BODY, "user": "bob"})
    assert (response.status_code, response.json()["type"]) == (429, "/api/v1/problems/too-many-users")
    assert int(response.headers["Retry-After"]) > 0
    assert gateway.records.views == {}
    gateway.submit(user="ada")
