"""Feeds of what was published of events."""

import pytest
from lxml import etree

from mesh.contracts.notice import Messenger
from mesh.contracts.transient import TransientRecord
from tests.unit.gateway.guarded import Guarded

_ATOM = {"a": "http://www.w3.org/2005/Atom"}


@pytest.fixture
def gateway() -> Guarded:
    made = Guarded()
    for number, (key, version, test) in enumerate(
        (("lvk:S1", 2, False), ("lvk:MS2", 1, True), ("swift:-5", -3, False))
    ):
        record = TransientRecord(
            event_key=key,
            version=abs(version),
            made=f"2024-01-0{3 - number}T00:00:00.000Z",
            state="ACTIVE" if version > 0 else "RETRACTED",
            answer=f"no data of {key} <&> \x01 here",
            why="" if version > 0 else "its sender took it back",
            test=test,
            messenger=Messenger.GW,
            names=("GW1",),
            versions=(),
        )
        made.alert_intake.alerts.put_record(record)
        made.alert_index.public.append((key, version, test))
    return made


def test_atom_has_what_its_standard_asks_for(gateway: Guarded) -> None:
    answer = gateway.call("GET", "/alerts/feed.atom")
    assert answer.headers["content-type"] == "application/atom+xml"
    feed = etree.fromstring(answer.content)
    assert feed.findtext("a:updated", namespaces=_ATOM) == "2024-01-03T00:00:00.000Z"
    for parent in (feed, *feed.iterfind("a:entry", _ATOM)):
        for name in ("id", "title", "updated", "link"):
            assert parent.find(f"a:{name}", _ATOM) is not None, name
    assert feed.findtext("a:author/a:name", namespaces=_ATOM)
    ids = [one.text for one in feed.iterfind("a:entry/a:id", _ATOM)]
    assert ids == [f"http://gateway.test/api/v1/alerts/events/{key}" for key in ("lvk:S1", "swift:-5")]
    titles = [one.text for one in feed.iterfind("a:entry/a:title", _ATOM)]
    assert titles == ["lvk:S1 GW1 (GW)", "swift:-5 GW1 (GW): retracted"]
    texts = [one.text for one in feed.iterfind("a:entry/a:content", _ATOM)]
    assert texts == ["no data of lvk:S1 <&>  here", "its sender took it back"]


def test_json_says_the_same(gateway: Guarded) -> None:
    answer = gateway.call("GET", "/alerts/feed.json")
    assert answer.headers["content-type"] == "application/feed+json"
    told = answer.json()
    assert (told["version"], len(told["items"])) == ("https://jsonfeed.org/version/1.1", 2)
    assert [one["_odamesh"]["state"] for one in told["items"]] == ["ACTIVE", "RETRACTED"]
    assert gateway.call("GET", told["items"][0]["url"], whole=True).status_code in {200, 404}


def test_tests_are_told_to_who_asks(gateway: Guarded) -> None:
    keys = [one["_odamesh"]["event_key"] for one in gateway.call("GET", "/alerts/feed.json?tests=true").json()["items"]]
    assert keys == ["lvk:S1", "lvk:MS2", "swift:-5"]


@pytest.mark.parametrize("form", ["atom", "json"])
def test_what_has_not_changed_is_not_sent_again(gateway: Guarded, form: str) -> None:
    tag = gateway.call("GET", f"/alerts/feed.{form}").headers["ETag"]
    again = gateway.call("GET", f"/alerts/feed.{form}", headers={"If-None-Match": f'W/"x", {tag}'})
    assert (again.status_code, again.content) == (304, b"")
    gateway.alert_index.public[0] = ("lvk:S1", -2, False)
    assert gateway.call("GET", f"/alerts/feed.{form}", headers={"If-None-Match": tag}).status_code == 200
    other = gateway.call("GET", f"/alerts/feed.{form}?tests=true", headers={"If-None-Match": tag})
    assert other.status_code == 200


def test_a_feed_of_nothing_is_a_feed() -> None:
    assert etree.fromstring(Guarded().call("GET", "/alerts/feed.atom").content).tag.endswith("feed")
    assert Guarded().call("GET", "/alerts/feed.rss").status_code == 422
