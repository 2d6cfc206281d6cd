"""Signed webhooks: who gets what, when it is posted again, and when an endpoint is given up."""

import json
from itertools import pairwise
from typing import Any

import pytest

from gateway.alerts.signatures import NotSigned, sender_of
from mesh.alerts.signing import signed_headers
from mesh.broker.delivery import Delivery
from mesh.clock import instant_at
from mesh.contracts.webhook import WebhookSecret
from mesh.errors import ContractViolation
from services.transports import metrics
from services.transports.webhooks.body import MOST_BYTES, body_of
from services.transports.webhooks.deliveries import PAUSES
from services.transports.webhooks.post import Answer
from tests.unit.accounts_doubles import MemoryObjects
from tests.unit.transports.webhook_world import AWAY, SECRET, WebhookWorld, message

_NEW = "whsec_" + "TmV3IHNlY3JldCBvZiAzMiBieXRlcyBvciBtb3JlISE="


@pytest.fixture
def world() -> WebhookWorld:
    return WebhookWorld(MemoryObjects())


def test_a_signature_is_that_of_the_specification() -> None:
    body = b'{"event_type":"ping","data":{"success":true}}'
    told = signed_headers("msg_loFOjxBNrRLzqYUf", 1731705121, body, [SECRET])
    assert told["webhook-signature"] == "v1,rAvfW3dJ/X/qxhsaXPOyyCGmRKsaKWcsNccKXlIktD0="


def test_each_endpoint_gets_its_topics_once(world: WebhookWorld) -> None:
    world.add("all")
    world.add("shield", ("integral.spi_acs.*",))
    world.add("testers", ("transient.record",), tests=True)
    for number, topic in enumerate(("transient.record", "integral.spi_acs.followup", "transient.record.test")):
        world.publish(topic, f"{number:032x}")
        world.publish(topic, f"{number:032x}")  # the broker delivers again
    world.pass_time(3)
    world.publish("transient.record", f"{0:032x}")  # after its end
    world.pass_time(200)
    got = sorted((one.url[8:].partition(".")[0], json.loads(one.body)["type"]) for one in world.posts)
    assert got == [
        ("all", "integral.spi_acs.followup"),
        ("all", "transient.record"),
        ("shield", "integral.spi_acs.followup"),
        ("testers", "transient.record"),
        ("testers", "transient.record.test"),
    ]
    assert world.delivery("all", f"{0:032x}").delivered
    assert world.delivery("all", f"{0:032x}").body == "", "what is delivered is not kept twice"
    assert world.index.waiting("all") == 0


def test_who_registered_a_moment_ago_gets_the_next_message(world: WebhookWorld) -> None:
    world.add("first")
    world.deliveries.look()  # which knows the endpoints for a while
    world.now += 0.5
    world.register.add("second", "https://second.example/hook", (), tests=False, caller="eve")
    world.publish()
    assert all(world.webhooks.waiting(name, "a" * 32) is not None for name in ("first", "second"))


def test_a_post_is_signed_by_every_secret_that_counts(world: WebhookWorld) -> None:
    world.add("broker")
    old = WebhookSecret(secret=SECRET, until=instant_at(world.now + 3600))
    ended = WebhookSecret(secret=f"whsec_{'A' * 43}=", until=instant_at(world.now - 1))
    world.webhooks.change(
        "broker", lambda one: one.model_copy(update={"secrets": (WebhookSecret(secret=_NEW), old, ended)})
    )
    world.publish()
    world.pass_time(1)
    (post,) = world.posts
    assert post.headers["webhook-id"] == f"msg_{'a' * 32}"
    for secret in (_NEW, SECRET):
        assert sender_of(post.headers, post.body, {"us": [secret]}, lambda: post.at) == "us"
    for body, secret in ((post.body + b" ", _NEW), (post.body, ended.secret)):
        with pytest.raises(NotSigned):
            sender_of(post.headers, body, {"us": [secret]}, lambda: post.at)


def test_it_is_tried_again_ever_later_with_the_same_id_and_body(world: WebhookWorld) -> None:
    world.add("broker")
    world.answers["broker"] = Answer(500, "Answered 500")
    world.publish()
    began = world.now
    world.pass_time(500)
    world.deliveries.complete_index()
    world.index.forget()  # Redis is flushed, and the process starts again
    world.start()
    world.deliveries.complete_index()
    world.pass_time(4000, 10)
    delays = [one.at - began for one in world.posts]
    pauses = [after - before for before, after in pairwise(delays)]
    assert len(delays) == 7
    for pause, right in zip(pauses, PAUSES, strict=False):
        assert 0.8 * right - 1 <= pause <= 1.2 * right + 11
    assert len({(one.body, one.headers["webhook-id"]) for one in world.posts}) == 1
    assert len({one.headers["webhook-timestamp"] for one in world.posts}) == 7, "each try has its own time"
    del world.answers["broker"]
    world.pass_time(9000, 60)
    assert (world.delivery("broker").delivered, world.delivery("broker").tries) == (True, 8)


def test_an_endpoint_that_never_answers_is_disabled_and_takes_up_where_it_was(world: WebhookWorld) -> None:
    world.add("dead")
    world.add("fine")
    world.answers["dead"] = Answer(404, "Answered 404")
    world.publish()
    world.pass_time(2)
    world.pass_time(sum(PAUSES) * 1.3, 60)
    endpoint = world.webhooks.endpoint("dead")
    assert endpoint.disabled
    assert "10 times" in endpoint.why_disabled
    assert "404" in endpoint.why_disabled
    assert world.webhooks.endpoint("fine").live
    tried = len(world.posts)
    world.publish(ident="b" * 32)
    world.pass_time(100)
    assert [one.url for one in world.posts[tried:]] == ["https://fine.example/hook"]
    del world.answers["dead"]
    world.register.enable("dead")
    world.publish(ident="c" * 32)
    world.deliveries.sweep()
    world.pass_time(100)
    told = [one.headers["webhook-id"][4] for one in world.posts if "dead" in one.url]
    assert sorted(told[10:]) == ["a", "b", "c"]
    assert all(world.delivery("dead", name * 32).delivered for name in "abc")


def test_a_message_that_alone_is_refused_disables_nothing(world: WebhookWorld) -> None:
    world.add("broker")
    world.publish(ident="b" * 32)
    world.answers["broker"] = Answer(400, "Answered 400: too strange")
    world.pass_time(3)
    world.pass_time(sum(PAUSES[:-1]) * 1.3, 60)
    world.index.succeeded("broker", world.now)  # it took another one
    world.pass_time(PAUSES[-1] * 1.3, 600)
    assert world.webhooks.endpoint("broker").live
    given_up = world.delivery("broker", "b" * 32)
    assert (given_up.delivered, bool(given_up.ended)) == (False, True)
    assert "too strange" in given_up.text


def test_who_answers_gone_gets_nothing_more(world: WebhookWorld) -> None:
    world.add("broker")
    world.answers["broker"] = Answer(410, "Answered 410")
    world.publish()
    world.publish(ident="b" * 32)
    world.pass_time(1)
    world.pass_time(10_000, 60)
    assert "410" in world.webhooks.endpoint("broker").why_disabled
    assert len(world.posts) <= 2


def test_who_asks_to_wait_is_waited_for(world: WebhookWorld) -> None:
    world.add("broker")
    world.answers["broker"] = Answer(503, "Answered 503", retry_after=100.0)
    world.publish()
    world.pass_time(90)
    assert len(world.posts) == 1
    world.pass_time(20)
    assert len(world.posts) == 2


def test_an_endpoint_out_of_reach_costs_one_connection_at_a_time(world: WebhookWorld) -> None:
    world.add("away")
    world.answers["away"] = AWAY
    for number in range(50):
        world.publish(ident=f"{number:032x}")
    world.pass_time(1)
    assert len(world.posts) == 1
    del world.answers["away"]
    world.pass_time(600)
    assert len({one.headers["webhook-id"] for one in world.posts[1:]}) == 50
    assert world.index.waiting("away") == 0


def test_what_waited_for_a_removed_endpoint_goes_to_no_other_of_its_name(world: WebhookWorld) -> None:
    world.add("broker")
    world.answers["broker"] = AWAY
    world.publish()
    world.pass_time(1)
    world.register.remove("broker")
    world.now += 60
    del world.answers["broker"]
    world.add("broker")
    world.webhooks.change("broker", lambda one: one.model_copy(update={"url": "https://other.example/"}))
    world.deliveries.sweep()
    world.pass_time(100)
    assert [one.url for one in world.posts] == ["https://broker.example/hook"]


def test_what_is_dropped_with_an_endpoint_leaves_no_trace(world: WebhookWorld) -> None:
    world.add("broker")
    world.answers["broker"] = AWAY
    world.publish()
    world.pass_time(1)
    world.register.remove("broker")
    world.pass_time(5)
    world.deliveries.sweep()
    assert list(world.webhooks.all_waiting("broker")) == []
    assert "whsec" not in str(world.webhooks._objects.content)  # type: ignore[attr-defined]


def test_figures_of_posts_begin_with_none_and_go_with_their_endpoint(world: WebhookWorld) -> None:
    def posts() -> dict[str, float]:
        (family,) = metrics.POSTED.collect()
        return {
            one.labels["outcome"]: one.value
            for one in family.samples
            if one.name.endswith("_total") and one.labels["endpoint"] == "watched"
        }

    world.add("watched")
    world.pass_time(1)
    assert posts() == {"taken": 0, "refused": 0, "no-answer": 0}
    world.answers["watched"] = AWAY
    world.publish()
    world.pass_time(1)
    assert posts() == {"taken": 0, "refused": 0, "no-answer": 1}
    world.register.remove("watched")
    world.pass_time(5)
    assert posts() == {}


def test_how_messages_ended_is_forgotten_in_the_end(world: WebhookWorld) -> None:
    world.add("broker")
    world.publish()
    world.pass_time(1)
    objects: MemoryObjects = world.webhooks._objects  # type: ignore[assignment]
    world.now = 4e9
    world.deliveries.sweep()
    assert not [name for name in objects.content if "/done/" in name]


def test_a_long_message_is_told_in_short_with_its_links() -> None:
    lines: dict[str, Any] = {"versions": ["x" * 100] * 300, "why": "y" * 5000}
    body = body_of("transient.record", message("", "", **lines).body, "https://mesh.example/", "swift:-5 x", 3)
    assert len(body.encode()) < MOST_BYTES
    told = json.loads(body)
    assert told["complete"] is False
    assert (told["data"]["answer"], len(told["data"]["why"])) == ("nothing", 1000)
    assert told["links"]["record"] == "https://mesh.example/api/v1/alerts/events/swift:-5%20x/records/3"
    whole = json.loads(body_of("transient.record", message("", "").body, "https://mesh.example", "a:1", 1))
    assert whole["complete"] is True
    assert whole["data"]["version"] == 1


def test_what_is_no_message_of_a_topic_is_refused(world: WebhookWorld) -> None:
    world.add("broker")
    with pytest.raises(ContractViolation):
        world.deliveries.take_on(Delivery(b"{}", "x", routing_key="transient.record"))
