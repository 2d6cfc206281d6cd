"""The index of events in a real Redis: the list by trigger, and the form in which it is complete."""

import math
from typing import Any

import redis

from mesh.store.alert_index import AlertIndex


def test_events_are_listed_by_their_trigger(index: redis.Redis) -> None:
    alerts = AlertIndex(index)
    for key, trigger in (("a:1", 5.5), ("b:1", 7.25), ("c:1", 5.5), ("d:1", -3.0)):
        line: dict[str, Any] = {"summary": {"event_key": key}, "aliases": (), "when": 1.0, "trigger": trigger}
        alerts.enter(key, receipts=("r",), public={}, **line)
    alerts.show("b:1", summary={"event_key": "b:1", "moved": True}, aliases=("B",), when=2.0, trigger=6.0)
    everything = alerts.by_trigger(-math.inf, math.inf, 0, 10)
    assert [(when, key) for when, key, _ in everything] == [(6.0, "b:1"), (5.5, "c:1"), (5.5, "a:1"), (-3.0, "d:1")]
    assert everything[0][2] == {"event_key": "b:1", "moved": True}
    assert [key for _, key, _ in alerts.by_trigger(-3.0, 5.5, 1, 2)] == ["a:1", "d:1"]
    assert alerts.key_of("B") == "b:1"
    index.hdel("alerts:summaries", "a:1")
    assert alerts.by_trigger(5.5, 5.5, 1, 1) == [(5.5, "a:1", None)]
    assert alerts.by_trigger(100.0, 200.0, 0, 10) == []


def test_an_index_of_an_older_form_is_not_complete(index: redis.Redis) -> None:
    alerts = AlertIndex(index)
    index.set("alerts:indexed", "1")
    assert not alerts.complete()
    assert alerts.mark_complete(alerts.begin())
    assert alerts.complete()
