"""Posts one message: to a public address that is checked and then connected to, within a time, without redirects."""

import ssl
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

import httpcore

from mesh.public_address import Network, NotPublic
from mesh.public_network import PublicNetwork

SECONDS = 20.0
"""For a whole try: name, connection, answer. The specification asks for 15 to 30 s."""
_MOST_READ = 500
_GONE = 410


@dataclass(frozen=True)
class Answer:
    """What a try came to.

    Args:
        status: of the answer; None: there was none.
        text: what happened, in a sentence.
        retry_after: seconds that the receiver asks to wait; None: it does not say.
    """

    status: int | None
    text: str
    retry_after: float | None = None

    @property
    def taken(self) -> bool:
        """Whether the receiver has the message."""
        return self.status is not None and 200 <= self.status < 300

    @property
    def gone(self) -> bool:
        """Whether the receiver wants nothing more."""
        return self.status == _GONE


def post(
    url: str,
    body: bytes,
    headers: Mapping[str, str],
    allowed: Sequence[Network] = (),
    *,
    seconds: float = SECONDS,
    trusted: ssl.SSLContext | None = None,
) -> Answer:
    """Post a body as JSON, over a connection of its own.

    Args:
        url: where to.
        body: JSON.
        headers: beside those that every post has.
        allowed: private networks to which may be posted.
        seconds: for all of it.
        trusted: whose certificates count; None: those of the system.
    """
    secure = urlsplit(url).scheme == "https"
    network = PublicNetwork(allowed, time.monotonic() + seconds, secure=secure)
    fields = {"Content-Type": "application/json", "User-Agent": "odamesh", "Accept-Encoding": "identity", **headers}
    try:
        with (
            httpcore.ConnectionPool(
                ssl_context=trusted or ssl.create_default_context(), network_backend=network, max_connections=1
            ) as pool,
            pool.stream("POST", url, headers=list(fields.items()), content=body) as answer,
        ):
            told = _beginning(answer.iter_stream()) if not 200 <= answer.status < 300 else ""
            return Answer(answer.status, _sentence(answer.status, told), _retry_after(answer.headers))
    except NotPublic as error:
        return Answer(None, str(error))
    except httpcore.TimeoutException:
        return Answer(None, f"No answer within {seconds:.0f} s.")
    except (httpcore.NetworkError, httpcore.ProtocolError, ssl.SSLError, OSError) as error:
        return Answer(None, f"No answer: {str(error) or type(error).__name__}"[:_MOST_READ])


def _beginning(blocks: Iterable[bytes]) -> str:
    found = b""
    for block in blocks:
        found += block
        if len(found) >= _MOST_READ:
            break
    return found[:_MOST_READ].decode("utf-8", "replace")


def _sentence(status: int, told: str) -> str:
    if 200 <= status < 300:
        return "Taken."
    if 300 <= status < 400:
        return f"Answered {status}, a redirect, which is not followed: register the address where it leads."
    shown = " ".join(told.split())
    return f"Answered {status}{': ' + shown if shown else ''}"


def _retry_after(headers: Iterable[tuple[bytes, bytes]]) -> float | None:
    for name, value in headers:
        if name.lower() == b"retry-after":
            text = value.decode("ascii", "replace").strip()
            if text.isdigit() and len(text) < 10:
                return float(text)
            try:
                return max(0.0, parsedate_to_datetime(text).timestamp() - time.time())
            except (ValueError, TypeError, OverflowError):
                return None
    return None
