"""Reads a job's Server-Sent Events and takes them up again where a connection broke."""

import json
import time
from collections.abc import Iterable, Iterator
from typing import Any, NamedTuple

from odamesh.errors import MeshUnavailable, UnexpectedAnswer
from odamesh.transport import STREAM_TIMEOUT, Transport

_ATTEMPTS = 8
"""Connections in a row that bring nothing before giving up."""
_FIRST_DELAY = 0.2
_LONGEST_DELAY = 5.0


class Event(NamedTuple):
    """One event; *id* is where to go on after it."""

    name: str
    id: str
    data: Any


def read_events(lines: Iterable[str]) -> Iterator[Event]:
    """Parse lines of an event stream (WHATWG HTML, section 9.2.6); an event without data is none.

    Raises:
        UnexpectedAnswer: the data of an event is not JSON.
    """
    name, last_id, data = "message", "", list[str]()
    for line in lines:
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        match field:
            case "" if not line:
                if data:
                    yield Event(name, last_id, _parse("\n".join(data)))
                name, data = "message", []
            case "event":
                name = value
            case "data":
                data.append(value)
            case "id" if "\0" not in value:
                last_id = value
            case _:
                pass  # A comment (the gateway's ping) or a field that we do not use.


def follow(transport: Transport, path: str) -> Iterator[Event]:
    """Yield the events of a job up to ``end``, over as many connections as it takes.

    Raises:
        MeshUnavailable: nobody answers for a while.
        OdameshError: the gateway refuses, e.g. an unknown job.
    """
    last_id = ""
    failures = 0
    delay = _FIRST_DELAY
    while True:
        headers = {"Accept": "text/event-stream", **({"Last-Event-ID": last_id} if last_id else {})}
        try:
            with transport.stream(path, headers, STREAM_TIMEOUT) as response:
                for event in read_events(response.iter_lines()):
                    failures, delay = 0, _FIRST_DELAY
                    last_id = event.id or last_id
                    yield event
                    if event.name == "end":
                        return
        except MeshUnavailable:
            if failures + 1 >= _ATTEMPTS:
                raise
        # The connection broke or closed before the end.
        failures += 1
        if failures >= _ATTEMPTS:
            raise MeshUnavailable(f"the event stream of {transport.absolute(path)} closes without bringing anything")
        time.sleep(delay)
        delay = min(2 * delay, _LONGEST_DELAY)


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError as error:
        raise UnexpectedAnswer(f"the event stream holds something that is not JSON: {text[:80]!r}") from error
