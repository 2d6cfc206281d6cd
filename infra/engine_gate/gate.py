"""The gates of instrument services: they ask the engine what the rules allow and hand back its answers."""

import json
from collections.abc import Awaitable, Callable, Mapping
from typing import Any
from urllib.parse import parse_qsl, quote

import httpx

from infra.engine_gate.rules import Client, Question, Refused, check_container, question
from infra.stack.base_image import SOURCE_LABEL

_LARGEST_BODY = 1 << 20
_PASSED = (b"content-type", b"api-version", b"ostype", b"docker-experimental", b"server")

Scope = Mapping[str, Any]
Receive = Callable[[], Awaitable[Mapping[str, Any]]]
Send = Callable[[Mapping[str, Any]], Awaitable[None]]


class Gates:
    """An ASGI application that is the gate of whoever may connect to the socket on which a request came.

    Args:
        clients: by the path of their sockets.
        engine: client of the engine.
    """

    def __init__(self, clients: Mapping[str, Client], engine: httpx.AsyncClient) -> None:
        self._gates = {path: Gate(client, engine) for path, client in clients.items()}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        path, _ = scope["server"]
        await self._gates[path](scope, receive, send)


class Gate:
    """An ASGI application: the gate of one service.

    Args:
        client: whose gate it is.
        engine: client of the engine.
    """

    def __init__(self, client: Client, engine: httpx.AsyncClient) -> None:
        self._client = client
        self._engine = engine

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        method, path = scope["method"], scope["path"]
        query = dict(parse_qsl(scope["query_string"].decode(), keep_blank_values=True))
        try:
            asked = question(method, path, set(query))
            body = await self._checked(asked, query, await _body(receive))
        except Refused as refused:
            await _say(send, 403, f"refused by the engine's gate: {refused}")
            return
        except httpx.HTTPError as error:
            await _say(send, 502, f"the engine does not answer the gate: {type(error).__name__}")
            return
        await self._pass(send, method, path, query, body)

    async def _checked(self, asked: Question, query: dict[str, str], body: bytes) -> bytes:
        """Return the body to send; the query of a list is narrowed to the client's own containers."""
        match asked.kind:
            case "create":
                content = _json(body)
                image = check_container(content, query.get("name", ""), self._client)
                await self._require_our_image(image)
                return json.dumps(content).encode()
            case "list":
                filters = _json(query.get("filters", "{}").encode())
                labels = [label for label in filters.get("label", []) if isinstance(label, str)]
                own = [f"{name}={value}" for name, value in self._client.labels.items()]
                query["filters"] = json.dumps({**filters, "label": [*labels, *own]})
            case "one":
                await self._require_our_container(asked.name)
        return b""

    async def _require_our_image(self, image: str) -> None:
        answer = await self._engine.get(f"/images/{quote(image, safe='/:@')}/json")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return  # the engine says so itself, in the words that its clients know
        if SOURCE_LABEL not in (answer.json().get("Config", {}).get("Labels") or {}):
            raise Refused(f"{image} is no image that `odamesh stack up` built")

    async def _require_our_container(self, name: str) -> None:
        answer = await self._engine.get(f"/containers/{name}/json")
        if answer.status_code == httpx.codes.NOT_FOUND:
            return
        if not self._client.owns(answer.json().get("Config", {}).get("Labels")):
            raise Refused(f"container {name} is not one of {self._client.instrument}")

    async def _pass(self, send: Send, method: str, path: str, query: Mapping[str, str], body: bytes) -> None:
        request = self._engine.build_request(
            method,
            quote(path, safe="/:@"),
            params=query,
            content=body or None,
            headers={"Content-Type": "application/json"} if body else {},
        )
        try:
            answer = await self._engine.send(request, stream=True)
        except httpx.HTTPError as error:
            await _say(send, 502, f"the engine does not answer the gate: {type(error).__name__}")
            return
        try:
            headers = [(name.lower(), value) for name, value in answer.headers.raw if name.lower() in _PASSED]
            await send({"type": "http.response.start", "status": answer.status_code, "headers": headers})
            async for piece in answer.aiter_raw():
                await send({"type": "http.response.body", "body": piece, "more_body": True})
            await send({"type": "http.response.body", "body": b""})
        finally:
            await answer.aclose()


async def _body(receive: Receive) -> bytes:
    body, more = b"", True
    while more:
        message = await receive()
        body += message.get("body", b"")
        more = message.get("more_body", False)
        if len(body) > _LARGEST_BODY:
            raise Refused("the request is too large")
    return body


def _json(text: bytes) -> dict[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError):
        content = None
    if not isinstance(content, dict):
        raise Refused("the request is no JSON object")
    return content


async def _say(send: Send, status: int, text: str) -> None:
    body = json.dumps({"message": text}).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
