"""The operators' documents, and what operators can do there."""

from typing import Any

import pytest

from gateway.admin import endpoints
from infra.dashboards.boards import DASHBOARDS
from mesh.alarms import alarms
from mesh.contracts import SendAgain
from mesh.errors import BrokerUnavailable, WatcherUnavailable
from tests.unit.gateway.admin_doubles import dead_letter
from tests.unit.gateway.guarded import Guarded


@pytest.fixture
def gateway() -> Guarded:
    return Guarded()


def shown(gateway: Guarded, path: str) -> Any:
    answer = gateway.call("GET", f"/admin{path}", "eve")
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_every_document_and_dashboard_is_linked(gateway: Guarded) -> None:
    contents = shown(gateway, "")
    for address in contents["links"].values():
        assert gateway.call("GET", address.removeprefix("/api/v1"), "eve").status_code == 200
    assert contents["dashboards"]["Doors"] == "http://watch.test/consoles/doors.html"
    assert {board.title: board.name for board in DASHBOARDS} == endpoints.DASHBOARDS


def test_a_lane_tells_what_waits_and_what_is_at_work(gateway: Guarded) -> None:
    document = shown(gateway, "/queues")
    (lane,) = document["lanes"]
    figures = {name: lane[name] for name in ("waiting", "released", "running", "ready", "consumers", "users")}
    assert figures == {"waiting": 40, "released": 5, "running": 2, "ready": 3, "consumers": 2, "users": 2}
    assert document["queues"] == [{"queue": "requests.dispatcher", "ready": 0, "consumers": 1}]


def test_slots_are_those_of_living_workers(gateway: Guarded) -> None:
    (isgri,) = (one for one in shown(gateway, "/workers")["instruments"] if one["instrument"] == "isgri")
    assert (isgri["slots"], isgri["running"]) == (2, 2)
    assert [worker["alive"] for worker in isgri["workers"]] == [True, False, False]


def test_a_letter_is_listed_shown_and_dropped(gateway: Guarded) -> None:
    gateway.post.kept = [letter := dead_letter()]
    document = shown(gateway, "/dead-letters")
    assert document["counts"] == {"dead.isgri": 1}
    (listed,) = document["letters"]
    assert (listed["id"], listed["what"]) == (letter.id, "odamesh.unit/1 image 201600270010.001")
    own = listed["links"]["self"].removeprefix("/api/v1")
    assert shown(gateway, own.removeprefix("/admin"))["content"]["stage"] == "image"
    assert gateway.call("DELETE", own, "eve").status_code == 204
    assert gateway.post.kept == []
    assert gateway.call("GET", own, "eve").status_code == 404
    assert [entry.deed for entry in gateway.noted][-1] == "drop-letter"


def test_sending_again_is_asked_of_the_dispatcher_and_noted(gateway: Guarded) -> None:
    gateway.post.kept = [letter := dead_letter()]
    answer = gateway.call("POST", f"/admin/dead-letters/dead.isgri/{letter.id}/send-again", "eve")
    assert answer.status_code == 202
    (key, wish, _, headers) = gateway.publisher.sent[-1]
    assert (key, wish) == ("again.letter", SendAgain(queue="dead.isgri", letter_id=letter.id))
    assert headers["x-user"] == "eve"
    assert gateway.post.kept == [letter], "the gateway itself moves nothing"
    assert (gateway.noted[-1].deed, gateway.noted[-1].about) == ("send-letter-again", letter.id)


def test_what_cannot_be_sent_again_says_why(gateway: Guarded) -> None:
    gateway.post.kept = [letter := dead_letter("dead.events", exchange="mesh.events")]
    assert not shown(gateway, "/dead-letters")["letters"][0]["can_be_sent_again"]
    answer = gateway.call("POST", f"/admin/dead-letters/dead.events/{letter.id}/send-again", "eve")
    assert (answer.status_code, answer.json()["type"]) == (409, "/api/v1/problems/letter-stays")
    assert f"odamesh dead retry {letter.id}" in answer.json()["detail"]
    gateway.post.kept = [letter := dead_letter()]
    gateway.publisher.error = BrokerUnavailable("BrokerUnavailable", "down")
    answer = gateway.call("POST", f"/admin/dead-letters/dead.isgri/{letter.id}/send-again", "eve")
    assert answer.status_code == 503


@pytest.mark.parametrize("queue", ["units.isgri.user", "requests.dispatcher", "dead.nowhere"])
def test_only_dead_letters_can_be_looked_at(gateway: Guarded, queue: str) -> None:
    assert gateway.call("GET", "/admin/dead-letters", "eve", params={"queue": queue}).status_code == 404
    assert gateway.call("DELETE", f"/admin/dead-letters/{queue}/{'0' * 12}", "eve").status_code == 404


def test_cache_and_users_are_told(gateway: Guarded) -> None:
    cache = shown(gateway, "/cache")
    assert (cache["products"], cache["bytes"], cache["stages"][0]["hit_rate"]) == (4, 4000, 0.25)
    users = shown(gateway, "/users")
    assert users["unplanned"] == 1
    assert (users["users"][0]["units"], users["users"][0]["allowed"]["jobs"]) == (45, 7)


def test_without_alertmanager_the_answer_says_so() -> None:
    def nobody_answers() -> list[Any]:
        return alarms("http://127.0.0.1:9")

    with pytest.raises(WatcherUnavailable, match="odamesh stack up"):
        nobody_answers()
    gateway = Guarded(alarms=nobody_answers)
    answer = gateway.call("GET", "/admin/alarms", "eve")
    assert (answer.status_code, answer.json()["type"]) == (503, "/api/v1/problems/watcher-unavailable")
