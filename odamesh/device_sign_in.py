"""Signing in at an OpenID Connect provider from a terminal: a code that is confirmed in any browser (RFC 8628)."""

import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx

from odamesh.errors import MeshUnavailable, NotSignedIn, UnexpectedAnswer
from odamesh.transport import is_local

_GRANT = "urn:ietf:params:oauth:grant-type:device_code"
_SCOPE = "openid email profile"
_TIMEOUT = httpx.Timeout(15.0, connect=5.0)
_SLOWER_SECONDS = 5.0
_LEAST_SECONDS = 0.1


def device_token(
    url: str, client_id: str, tell: Callable[[str], None], sleep: Callable[[float], None] = time.sleep
) -> str:
    """Return an identity token of a provider, once its user has confirmed a code there.

    Args:
        url: of the provider, as its tokens name it.
        client_id: under which the provider knows this program.
        tell: shows where to go and the code.
        sleep: waits between two looks.

    Raises:
        NotSignedIn: the user refused, or did not come in time.
        MeshUnavailable: the provider does not answer.
        UnexpectedAnswer: it answers with something else, or with addresses without TLS.
    """
    try:
        with httpx.Client(timeout=_TIMEOUT) as client:
            told = _json(client.get(f"{_safe(url).rstrip('/')}/.well-known/openid-configuration"))
            if told.get("issuer") != url or "device_authorization_endpoint" not in told:
                raise UnexpectedAnswer(f"{url} offers no sign-in by a code: make a token on its page, and send that")
            begun = _json(
                client.post(
                    _safe(told["device_authorization_endpoint"]), data={"client_id": client_id, "scope": _SCOPE}
                )
            )
            place = begun.get("verification_uri_complete") or begun["verification_uri"]
            tell(f"Open {place} in a browser, and confirm the code {begun['user_code']}.")
            asked = {"grant_type": _GRANT, "device_code": begun["device_code"], "client_id": client_id}
            return _wait(client, _safe(told["token_endpoint"]), asked, begun, sleep)
    except httpx.TransportError as error:
        raise MeshUnavailable(f"no answer from {url} ({type(error).__name__})") from error
    except KeyError as error:
        raise UnexpectedAnswer(f"{url} does not tell {error}") from error


def _wait(
    client: httpx.Client,
    place: str,
    asked: Mapping[str, str],
    begun: Mapping[str, Any],
    sleep: Callable[[float], None],
) -> str:
    pause = max(float(begun.get("interval", _SLOWER_SECONDS)), _LEAST_SECONDS)
    left = float(begun.get("expires_in", 600))
    while left > 0:
        sleep(pause)
        left -= pause
        answer = client.post(place, data=dict(asked))
        if answer.status_code == httpx.codes.OK:
            return str(_json(answer)["id_token"])
        match _json(answer, refused=True).get("error"):
            case "authorization_pending":
                continue
            case "slow_down":
                pause += _SLOWER_SECONDS
            case reason:
                raise NotSignedIn(f"the provider refuses: {str(reason)[:100]}")
    raise NotSignedIn("nobody confirmed the code in time: begin again")


def _json(answer: httpx.Response, *, refused: bool = False) -> dict[str, Any]:
    try:
        content = answer.json()
    except ValueError:
        content = None
    if not isinstance(content, dict) or (answer.is_error and not refused):
        raise UnexpectedAnswer(f"{answer.request.url.copy_with(query=None)} answered {answer.status_code}")
    return content


def _safe(url: str) -> str:
    """Return an address with TLS, or of this machine."""
    if not url.startswith("https://") and not is_local(url):
        raise UnexpectedAnswer(f"{url} has no TLS: whoever stands between could sign in in your name")
    return url
