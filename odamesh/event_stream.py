"""Follows a job's Server-Sent Events and takes them up again where a connection broke."""

import json
import time
from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
from httpx_sse import EventSource, ServerSentEvent, SSEError

from odamesh.errors import MeshUnavailable, UnexpectedAnswer
from odamesh.transport import STREAM_TIMEOUT, Transport

ATTEMPTS = 8
"""Connections in a row that bring nothing before giving up."""
FIRST_DELAY = 0.2
LONGEST_DELAY = 5.0


class Event(NamedTuple):
    """One event; *id* is where to go on after it."""

    name: str
    id: str
    data: Any


def read_events(response: httpx.Response) -> Iterator[Event]:
    """Yield the events of an answer; one without data is none.

    Raises:
        UnexpectedAnswer: it is no event stream, or the data of an event are not JSON.
    """
    try:
        for sent in EventSource(response).iter_sse():
            if sent.data:
                yield event(sent)
    except SSEError as error:
        raise UnexpectedAnswer(
            f"{response.request.url.copy_with(query=None)} gives no event stream: {error}"
        ) from error


def event(sent: ServerSentEvent) -> Event:
    """Return an event with its data read.

    Raises:
        UnexpectedAnswer: they are not JSON.
    """
    try:
        return Event(sent.event, sent.id, json.loads(sent.data))
    except ValueError as error:
        raise UnexpectedAnswer(f"the event stream holds something that is not JSON: {sent.data[:80]!r}") from error


def stream_headers(last_id: str) -> dict[str, str]:
    """Return the headers that open a stream, after the event that was seen last."""
    return {"Accept": "text/event-stream", **({"Last-Event-ID": last_id} if last_id else {})}


def follow(transport: Transport, path: str) -> Iterator[Event]:
    """Yield the events of a job up to ``end``, over as many connections as it takes.

    Raises:
        MeshUnavailable: nobody answers for a while.
        OdameshError: the gateway refuses, e.g. an unknown job.
    """
    last_id = ""
    failures = 0
    delay = FIRST_DELAY
    while True:
        try:
            with transport.stream(path, stream_headers(last_id), STREAM_TIMEOUT) as response:
                for found in read_events(response):
                    failures, delay = 0, FIRST_DELAY
                    last_id = found.id or last_id
                    yield found
                    if found.name == "end":
                        return
        except MeshUnavailable:
            if failures + 1 >= ATTEMPTS:
                raise
        # The connection broke or closed before the end.
        failures += 1
        if failures >= ATTEMPTS:
            raise MeshUnavailable(f"the event stream of {transport.absolute(path)} closes without bringing anything")
        time.sleep(delay)
        delay = min(2 * delay, LONGEST_DELAY)
