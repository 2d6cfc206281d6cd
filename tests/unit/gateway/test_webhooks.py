"""Operators register addresses to which the mesh posts."""

import pytest

from mesh.contracts.webhook import WebhookEndpoint
from tests.unit.gateway.guarded import Guarded

_WISH = {"name": "broker", "url": "https://broker.example/hook", "topics": ["integral.*"]}


@pytest.fixture
def gateway() -> Guarded:
    return Guarded()


def test_a_secret_is_told_once(gateway: Guarded) -> None:
    made = gateway.call("POST", "/alerts/webhooks", "eve", json=_WISH)
    told = made.json()
    assert (made.status_code, told["secret"][:6], told["topics"]) == (201, "whsec_", ["integral.*"])
    (listed,) = gateway.call("GET", "/alerts/webhooks", "eve").json()
    assert (listed["secret"], listed["url"], listed["waiting"]) == (None, _WISH["url"], 0)
    rotated = gateway.call("POST", "/alerts/webhooks/broker/rotate", "eve", json={"hours": 2}).json()
    assert rotated["secret"] not in {None, told["secret"]}
    kept = gateway.webhooks.webhooks.endpoint("broker").secrets
    assert [one.secret for one in kept] == [rotated["secret"], told["secret"]]
    assert (kept[0].until, bool(kept[1].until)) == (None, True)
    assert [one.deed for one in gateway.noted] == ["webhook-add", "webhook-rotate"]
    assert told["secret"] not in str(gateway.noted)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("name", "No Name"),
        ("url", "https://10.0.0.1/"),
        ("url", "http://broker.example/"),
        ("topics", ["a b"]),
        ("topics", ["transient.record.test"]),
    ],
)
def test_what_is_wrong_is_named(gateway: Guarded, field: str, value: object) -> None:
    answer = gateway.call("POST", "/alerts/webhooks", "eve", json={**_WISH, field: value})
    assert (answer.status_code, answer.json()["errors"][0]["field"]) == (422, field)


def test_a_name_is_given_once_until_it_is_removed(gateway: Guarded) -> None:
    first = gateway.call("POST", "/alerts/webhooks", "eve", json=_WISH).json()
    assert gateway.call("POST", "/alerts/webhooks", "eve", json=_WISH).status_code == 422
    assert gateway.call("DELETE", "/alerts/webhooks/broker", "eve").status_code == 204
    assert gateway.call("DELETE", "/alerts/webhooks/broker", "eve").status_code == 404
    assert gateway.call("GET", "/alerts/webhooks", "eve").json() == []
    second = gateway.call("POST", "/alerts/webhooks", "eve", json=_WISH)
    assert second.status_code == 201
    assert second.json()["secret"] != first["secret"]


def test_a_test_is_posted_and_tells_what_came_of_it(gateway: Guarded) -> None:
    gateway.call("POST", "/alerts/webhooks", "eve", json=_WISH)
    told = gateway.call("POST", "/alerts/webhooks/broker/test", "eve").json()
    assert (told["state"], told["tries"], gateway.webhooks.index.waiting("broker")) == ("waiting", 0, 1)
    webhooks = gateway.webhooks.webhooks
    waiting = webhooks.delivery("broker", told["delivery_id"])
    webhooks.end(waiting.model_copy(update={"delivered": True, "ended": "2024-01-01T00:00:00.000Z", "tries": 1}))
    place = f"/alerts/webhooks/broker/deliveries/{told['delivery_id']}"
    assert gateway.call("GET", place, "eve").json()["state"] == "delivered"
    assert gateway.call("GET", place[:-1] + "g", "eve").status_code == 404
    webhooks.change("broker", lambda one: one.model_copy(update={"disabled": "2024", "why_disabled": "410"}))
    refused = gateway.call("POST", "/alerts/webhooks/broker/test", "eve")
    assert (refused.status_code, "410" in refused.json()["detail"]) == (422, True)
    assert gateway.call("POST", "/alerts/webhooks/broker/enable", "eve").json()["disabled"] == ""


def test_documents_do_not_show_secrets_in_logs() -> None:
    made = WebhookEndpoint.model_validate(
        {"name": "a", "url": "https://a", "added": "", "added_by": "", "secrets": [{"secret": "whsec_hidden"}]}
    )
    assert "hidden" not in repr(made)
