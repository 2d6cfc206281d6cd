"""HTTP to the gateway for asyncio; `odamesh.transport` says what is retried and how problems become errors."""

import asyncio
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from httpx_sse import EventSource, SSEError
from tenacity import AsyncRetrying, retry_if_exception_type, retry_if_result, stop_after_attempt

from odamesh.errors import MeshUnavailable, UnexpectedAnswer
from odamesh.event_stream import ATTEMPTS, FIRST_DELAY, LONGEST_DELAY, Event, event, stream_headers
from odamesh.kept_tokens import SendToken
from odamesh.transport import (
    API,
    MOST_ATTEMPTS,
    STREAM_TIMEOUT,
    TIMEOUT,
    address_of,
    full_address,
    is_local,
    json_of,
    last_answer,
    may_pass,
    pause,
    problem,
    unreachable,
)


class AsyncTransport:
    """A connection pool to one gateway.

    Args:
        url: address of the gateway.
        attempts: how often a request is sent at most when nobody answers.
        token: shown to the gateway; None: nothing is shown.
    """

    def __init__(self, url: str, attempts: int = MOST_ATTEMPTS, *, token: str | None = None) -> None:
        self.url = address_of(url)
        self._attempts = attempts
        self._client = httpx.AsyncClient(timeout=TIMEOUT, trust_env=not is_local(self.url))
        if token:
            self._client.auth = SendToken(self.url, token)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    def absolute(self, link: str) -> str:
        """Return the full address of a link that the gateway gave, or of a path below the interface."""
        return full_address(self.url, link)

    async def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON that an address answers."""
        return json_of(await self._send("GET", path, params=params))

    async def text(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        """Return the text that an address answers."""
        return (await self._send("GET", path, params=params)).text

    async def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
        """Send JSON, return the JSON answered; *headers* hold an idempotency key, so a retry is harmless."""
        return json_of(await self._send("POST", path, json=body, headers=headers))

    async def post_file(self, path: str, content: bytes) -> Any:
        """Send the content of a file, return the JSON answered; equal content is one file, so a retry is harmless."""
        headers = {"Content-Type": "application/octet-stream"}
        return json_of(await self._send("POST", path, content=content, headers=headers))

    async def delete(self, path: str) -> Any:
        """Delete what an address names, return the JSON answered."""
        return json_of(await self._send("DELETE", path))

    @asynccontextmanager
    async def stream(
        self, path: str, headers: Mapping[str, str] | None = None, timeout: httpx.Timeout = TIMEOUT
    ) -> AsyncIterator[httpx.Response]:
        """Open a streamed answer, following redirects.

        Raises:
            OdameshError: the answer is a problem, or nobody answers.
        """
        try:
            async with self._client.stream(
                "GET", self.absolute(path), headers=headers, timeout=timeout, follow_redirects=True
            ) as response:
                if response.is_error:
                    await response.aread()
                    raise problem(response)
                yield response
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error

    async def follow(self, path: str) -> AsyncIterator[Event]:
        """Yield the events of a stream up to ``end``, over as many connections as it takes.

        Raises:
            MeshUnavailable: nobody answers for a while.
            OdameshError: the gateway refuses, e.g. an unknown job.
        """
        last_id, failures, delay = "", 0, FIRST_DELAY
        while True:
            try:
                async with self.stream(path, stream_headers(last_id), STREAM_TIMEOUT) as response:
                    async for found in _events(response):
                        failures, delay = 0, FIRST_DELAY
                        last_id = found.id or last_id
                        yield found
                        if found.name == "end":
                            return
            except MeshUnavailable:
                if failures + 1 >= ATTEMPTS:
                    raise
            failures += 1
            if failures >= ATTEMPTS:
                raise MeshUnavailable(f"the event stream of {self.absolute(path)} closes without bringing anything")
            await asyncio.sleep(delay)
            delay = min(2 * delay, LONGEST_DELAY)

    async def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        tried_again = AsyncRetrying(
            retry=retry_if_exception_type(httpx.TransportError) | retry_if_result(may_pass),
            wait=pause,
            stop=stop_after_attempt(self._attempts),
            retry_error_callback=last_answer,
        )
        try:
            response: httpx.Response = await tried_again(self._client.request, method, self.absolute(path), **options)
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error
        if response.is_error:
            raise problem(response)
        return response


async def _events(response: httpx.Response) -> AsyncIterator[Event]:
    try:
        async for sent in EventSource(response).aiter_sse():
            if sent.data:
                yield event(sent)
    except SSEError as error:
        raise UnexpectedAnswer(f"{response.request.url.copy_with(query=None)} gives no event stream") from error


__all__ = ["API", "AsyncTransport"]
