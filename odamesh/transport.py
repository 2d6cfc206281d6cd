"""HTTP to the gateway: retries where they are harmless, problems as exceptions."""

import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx
from tenacity import (
    RetryCallState,
    Retrying,
    retry_if_exception_type,
    retry_if_result,
    stop_after_attempt,
    wait_exponential_jitter,
)

from odamesh.errors import (
    FieldError,
    JobDeleted,
    JobEnded,
    MeshUnavailable,
    NoSuchThing,
    NotAllowed,
    NotSignedIn,
    OdameshError,
    RequestRefused,
    TooMuchWaiting,
    UnexpectedAnswer,
    WrongValue,
)
from odamesh.kept_tokens import SendToken

API = "/api/v1"
DEFAULT_URL = "http://127.0.0.1:8080"

MOST_ATTEMPTS = 6
_LONGEST_DELAY = 5.0
# With some chance in it: callers whom one restart of the gateway interrupts do not all come back in one moment.
_GROWING = wait_exponential_jitter(multiplier=0.3, max=_LONGEST_DELAY, jitter=0.3)
_RETRIED = frozenset({502, 503, 504})
TIMEOUT = httpx.Timeout(30.0, connect=5.0)
STREAM_TIMEOUT = httpx.Timeout(45.0, connect=5.0)
"""A stream that says nothing for longer than three of the gateway's pings is dead."""


class Transport:
    """A connection pool to one gateway.

    Args:
        url: address of the gateway, e.g. ``http://127.0.0.1:8080``.
        client: another HTTP client (tests); by default one is made.
        attempts: how often a request is sent at most when nobody answers.
        token: shown to the gateway; None: nothing is shown.
    """

    def __init__(
        self,
        url: str,
        client: httpx.Client | None = None,
        attempts: int = MOST_ATTEMPTS,
        *,
        token: str | None = None,
    ) -> None:
        self.url = address_of(url)
        self._attempts = attempts
        # A proxy has no business between a caller and the same machine.
        self._client = client or httpx.Client(timeout=TIMEOUT, trust_env=not is_local(self.url))
        if token:
            self._client.auth = SendToken(self.url, token)
        # Callers in notebooks do not close: connections end with the last object that uses them.
        weakref.finalize(self, self._client.close)

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def absolute(self, link: str) -> str:
        """Return the full address of a link that the gateway gave, or of a path below the interface."""
        return full_address(self.url, link)

    def get(self, path: str, params: Mapping[str, Any] | None = None) -> Any:
        """Return the JSON that an address answers."""
        return json_of(self._send("GET", path, params=params))

    def text(self, path: str, params: Mapping[str, Any] | None = None) -> str:
        """Return the text that an address answers."""
        return self._send("GET", path, params=params).text

    def post(self, path: str, body: Mapping[str, Any], headers: Mapping[str, str]) -> Any:
        """Send JSON, return the JSON answered; *headers* hold an idempotency key, so a retry is harmless."""
        return json_of(self._send("POST", path, json=body, headers=headers))

    def post_file(self, path: str, content: bytes) -> Any:
        """Send the content of a file, return the JSON answered; equal content is one file, so a retry is harmless."""
        return json_of(self._send("POST", path, content=content, headers={"Content-Type": "application/octet-stream"}))

    def post_bytes(self, path: str, body: bytes) -> Any:
        """Send bytes of any kind, return the JSON answered; a retry must be harmless."""
        headers = {"Content-Type": "application/octet-stream"}
        return json_of(self._send("POST", path, content=body, headers=headers))

    def delete(self, path: str) -> Any:
        """Delete what an address names, return the JSON answered; None where nothing is."""
        response = self._send("DELETE", path)
        return json_of(response) if response.content else None

    @contextmanager
    def stream(
        self, path: str, headers: Mapping[str, str] | None = None, timeout: httpx.Timeout = TIMEOUT
    ) -> Iterator[httpx.Response]:
        """Open a streamed answer, following redirects; no retries, because only the caller knows where to go on.

        Raises:
            OdameshError: the answer is a problem, or nobody answers.
        """
        try:
            with self._client.stream(
                "GET", self.absolute(path), headers=headers, timeout=timeout, follow_redirects=True
            ) as response:
                if response.is_error:
                    response.read()
                    raise problem(response)
                yield response
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error

    def _send(self, method: str, path: str, **options: Any) -> httpx.Response:
        tried_again = Retrying(
            retry=retry_if_exception_type(httpx.TransportError) | retry_if_result(may_pass),
            wait=pause,
            stop=stop_after_attempt(self._attempts),
            retry_error_callback=last_answer,
        )
        try:
            response: httpx.Response = tried_again(self._client.request, method, self.absolute(path), **options)
        except httpx.TransportError as error:
            raise unreachable(self.url, error) from error
        if response.is_error:
            raise problem(response)
        return response


def unreachable(url: str, error: httpx.TransportError) -> MeshUnavailable:
    """Return the exception for a gateway that does not answer."""
    kind = type(error).__name__
    return MeshUnavailable(
        f"no answer from {url} ({kind}): is the mesh up (`odamesh mesh status`), is the address right?"
    )


def full_address(url: str, link: str) -> str:
    """Return the full address of a link that the gateway at *url* gave, or of a path below the interface."""
    if link.startswith("/"):
        return f"{url}{link}" if link.startswith(API) else f"{_origin(url)}{link}"
    return link


def address_of(url: str) -> str:
    """Return the address of a gateway; without a scheme it is http.

    Raises:
        WrongValue: it is no address.
    """
    text = url.strip()
    full = text if "://" in text else f"http://{text}"
    try:
        parts = urlsplit(full)
        usable = parts.scheme in {"http", "https"} and bool(parts.hostname) and parts.port != 0
    except ValueError:
        usable = False
    if not usable:
        raise WrongValue(f"{url!r} is no address of a gateway; write e.g. {DEFAULT_URL} (ODAMESH_URL or --url)")
    return full.rstrip("/")


def may_pass(response: httpx.Response) -> bool:
    """Say whether the same request may be answered otherwise in a moment."""
    return response.status_code in _RETRIED


def pause(state: RetryCallState) -> float:
    """Return how long to wait before the next try: longer each time, and at least what the gateway asks for."""
    outcome = state.outcome
    asked = 0.0 if outcome is None or outcome.failed else _retry_after(outcome.result())
    return max(_GROWING(state), asked)


def last_answer(state: RetryCallState) -> Any:
    """Return, or raise, what the last try gave."""
    assert state.outcome is not None  # noqa: S101 - asked after a try
    return state.outcome.result()


def problem(response: httpx.Response) -> OdameshError:
    """Return the exception of a problem document, or of an answer that is none."""
    try:
        body = response.json()
        detail = str(body["detail"])
    except (ValueError, KeyError, TypeError):
        return UnexpectedAnswer(
            f"{response.request.method} {response.request.url.copy_with(query=None)} answered {response.status_code} "
            "without a problem document: is this the address of a gateway of the mesh?"
        )
    match response.status_code:
        case 400 | 413 | 422:
            return RequestRefused(detail, [_field_error(entry) for entry in body.get("errors", ())])
        case 410 if body.get("request_key"):
            return JobDeleted(detail, str(body["request_key"]))
        case 401:
            return NotSignedIn(f"{detail} (`odamesh login`, or ODAMESH_TOKEN)")
        case 403:
            return NotAllowed(detail)
        case 404 | 410:
            return NoSuchThing(detail)
        case 409:
            return JobEnded(detail) if str(body.get("type", "")).endswith("/job-final") else RequestRefused(detail)
        case 429:
            return TooMuchWaiting(detail, _seconds(response))
        case status if status in _RETRIED:
            return MeshUnavailable(detail)
        case _:
            return UnexpectedAnswer(f"{detail} (request id {body.get('request_id', 'unknown')})")


def _field_error(entry: Mapping[str, Any]) -> FieldError:
    return FieldError(
        field=str(entry.get("field", "")),
        detail=str(entry.get("detail", "")),
        allowed=entry.get("allowed"),
        type=str(entry.get("type", "")),
    )


def json_of(response: httpx.Response) -> Any:
    """Return the JSON of an answer; UnexpectedAnswer where it is none."""
    try:
        return response.json()
    except ValueError as error:
        raise problem(response) from error


def _retry_after(response: httpx.Response) -> float:
    return min(_seconds(response), _LONGEST_DELAY)


def _seconds(response: httpx.Response) -> float:
    try:
        return float(response.headers.get("Retry-After", "0"))
    except ValueError:
        return 0.0


def _origin(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}"


def is_local(url: str) -> bool:
    """Say whether an address is this machine."""
    return urlsplit(url).hostname in {"127.0.0.1", "localhost", "::1"}
