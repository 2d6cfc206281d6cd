"""What is posted of a message of a topic: type, time, links, and the message itself where it is short; pure."""

import json
from typing import Any
from urllib.parse import quote

MOST_BYTES = 20_000
"""Of a whole body, as the Standard Webhooks specification advises; who wants more follows the links."""
_IN_SHORT = (
    *("schema", "event_key", "id", "version", "record_number", "state", "answer", "test", "why", "names"),
    *("event_name", "messenger", "trigger_time", "made", "alert_datetime", "alert_tense", "alert_type"),
    *("mission", "instrument", "data_status", "data_status_reason", "ref_ID", "reference", "association"),
    "additional_info",
)
_LONGEST_TEXT = 1000


def body_of(topic: str, message: bytes, url: str, event_key: str, version: int) -> str:
    """Return what is posted.

    Args:
        topic: of the message.
        message: the document, JSON.
        url: of the gateway.
        event_key: of the event.
        version: of its record.
    """
    data: dict[str, Any] = json.loads(message)
    event = f"{url.rstrip('/')}/api/v1/alerts/events/{quote(event_key, safe=':')}"
    told = {
        "type": topic,
        "timestamp": data.get("made") or data.get("alert_datetime"),
        "links": {"event": event, "record": f"{event}/records/{version}"},
        "complete": True,
        "data": data,
    }
    whole = _written(told)
    if len(whole.encode()) <= MOST_BYTES:
        return whole
    short = {name: _cut(data[name]) for name in _IN_SHORT if name in data}
    return _written({**told, "complete": False, "data": short})


def _cut(value: Any) -> Any:
    if isinstance(value, str):
        return value if len(value) <= _LONGEST_TEXT else f"{value[: _LONGEST_TEXT - 3]}..."
    if isinstance(value, list):
        return [_cut(one) for one in value[:10]]
    if isinstance(value, dict):
        return {str(name)[:100]: _cut(one) for name, one in list(value.items())[:10]}
    return value


def _written(told: dict[str, Any]) -> str:
    return json.dumps(told, separators=(",", ":"), ensure_ascii=False)
