"""One request and its answer, with everything that must hold afterwards."""

from typing import Any

import requests

from tests.fuzz.decency import Answer, indecencies
from tests.fuzz.ground import STRANGERS, Ground

WHO = (None, "bob", "ada", "eve")
"""Nobody, a user, the owner of what is private, an operator."""
ANSWER_SECONDS = 20.0
"""Whoever waits longer hangs."""
_MOST_BYTES = 2_000_000


def exchange(ground: Ground, session: requests.Session, request: dict[str, Any], who: str | None) -> None:
    """Send a request, as `requests.Session.request` takes it, and assert that the answer and what it did are decent.

    Args:
        ground: the gateway; it is afterwards as it was.
        session: keeps the connection.
        request: without a credential.
        who: has it sent.
    """
    if who is not None:
        token = ground.gateway.tokens[who]
        request = {**request, "headers": {**request["headers"], "Authorization": f"Bearer {token}"}}
    try:
        answer = _take(session, request)
        assert not indecencies(answer, who, ground.secrets, str(request)), answer
        assert who not in STRANGERS or not ground.changed()
    finally:
        ground.restore()


def _take(session: requests.Session, request: dict[str, Any]) -> Answer:
    """Send a request and read its answer; of a stream that goes on only its beginning."""
    session.cookies.clear()
    with session.request(**request, stream=True, timeout=ANSWER_SECONDS, allow_redirects=False) as response:
        headers = {name.lower(): value for name, value in response.headers.items()}
        if headers.get("content-type", "").startswith("text/event-stream"):
            body = next(response.iter_content(None), b"")
        else:
            body = response.raw.read(_MOST_BYTES, decode_content=True)
    return Answer(response.status_code, headers, body)
