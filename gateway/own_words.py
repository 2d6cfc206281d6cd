"""Refusals in the words of a protocol: what every door refuses alike is told by each as its clients expect."""

import json
from collections.abc import Callable, Mapping
from dataclasses import dataclass

from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateway.problem import MEDIA_TYPE


@dataclass(frozen=True)
class Refused:
    """A problem document that is on its way to a caller.

    Args:
        status: of the answer.
        headers: of the answer, by their names in small letters; without what describes its body.
        detail: the sentence for people.
    """

    status: int
    headers: Mapping[str, str]
    detail: str


Words = Callable[[Refused], Response]
_OF_THE_BODY = frozenset({"content-type", "content-length"})


async def serve_in_words(app: ASGIApp, words: Words, scope: Scope, receive: Receive, send: Send) -> None:
    """Serve a request; where the answer is a problem document, send what *words* makes of it instead."""
    start: Message | None = None
    body = b""

    async def send_in_words(message: Message) -> None:
        nonlocal start, body
        if message["type"] == "http.response.start" and _is_problem(message):
            start = message
        elif start is None:
            await send(message)
        else:
            body += message.get("body", b"")
            if not message.get("more_body"):
                await words(_refused(start, body))(scope, receive, send)

    await app(scope, receive, send_in_words)


def _is_problem(message: Message) -> bool:
    return _headers(message).get("content-type", "").startswith(MEDIA_TYPE)


def _refused(start: Message, body: bytes) -> Refused:
    headers = {name: value for name, value in _headers(start).items() if name not in _OF_THE_BODY}
    return Refused(int(start["status"]), headers, str(json.loads(body)["detail"]))


def _headers(start: Message) -> dict[str, str]:
    return {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in start["headers"]}
