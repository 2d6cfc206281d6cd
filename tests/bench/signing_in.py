"""What it costs a request that the gateway finds out who calls: in one process, without network and servers."""

import asyncio
import statistics
import time
from dataclasses import replace
from typing import Any

from fastapi import FastAPI
from starlette.types import Message

from gateway.application import create_app
from gateway.auth.access_file import Access, OpenId, Rates
from tests.unit.gateway.guarded import MMODA, SIGNING, Guarded, web_token

_REQUESTS = 500
_ROUNDS = 4


def auth_overhead_ms() -> dict[str, float]:
    """Return the median time that each kind of credential adds to a request, in milliseconds.

    The last kind is a token of a shared secret where a provider is known too: it is then read in a thread.
    """
    unlimited = Rates(signed_in_a_minute=10**9)
    provider = OpenId(kind="openid", url="https://login.invalid", audience=("odamesh",))
    gateway = Guarded(Access(signing=SIGNING, issuers={"mmoda": MMODA}, rates=unlimited))
    beside = Guarded(Access(signing=SIGNING, issuers={"mmoda": MMODA, "login": provider}, rates=unlimited))
    cookie = gateway.call("POST", "/session", "ada").headers["Set-Cookie"].partition(";")[0]
    kinds: dict[str, tuple[FastAPI, tuple[bytes, bytes] | None]] = {
        "none": (create_app(replace(gateway.app.state.parts, front=None)), None),
        "api_token": (gateway.app, (b"authorization", f"Bearer {gateway.tokens['ada']}".encode())),
        "issuer_token": (gateway.app, (b"authorization", f"Bearer {web_token()}".encode())),
        "session": (gateway.app, (b"cookie", cookie.encode())),
        "issuer_token_in_a_thread": (beside.app, (b"authorization", f"Bearer {web_token()}".encode())),
    }
    times: dict[str, list[float]] = {kind: [] for kind in kinds}
    for _ in range(_ROUNDS):
        for kind, (app, header) in kinds.items():
            times[kind] += asyncio.run(_times(app, [header] if header else []))
    medians = {kind: 1000 * statistics.median(taken) for kind, taken in times.items()}
    floor = medians.pop("none")
    return {kind: round(median - floor, 3) for kind, median in medians.items()}


async def _times(app: FastAPI, headers: list[tuple[bytes, bytes]]) -> list[float]:
    taken = []
    for _ in range(_REQUESTS):
        begin = time.perf_counter()
        assert await _status(app, headers) == 200
        taken.append(time.perf_counter() - begin)
    return taken


async def _status(app: FastAPI, headers: list[tuple[bytes, bytes]]) -> int:
    statuses: list[int] = []

    async def send(message: Message) -> None:
        if message["type"] == "http.response.start":
            statuses.append(message["status"])

    async def receive() -> Message:
        return {"type": "http.request", "body": b"", "more_body": False}

    scope: dict[str, Any] = {
        "type": "http",
        "method": "GET",
        "path": "/api/v1",
        "raw_path": b"/api/v1",
        "query_string": b"",
        "headers": [(b"host", b"gateway.test"), *headers],
        "client": ("192.0.2.1", 1),
        "server": ("gateway.test", 80),
        "scheme": "http",
        "http_version": "1.1",
    }
    await app(scope, receive, send)
    return statuses[0]
