"""The public keys of OpenID Connect providers (JWKS), fetched when they are first needed and when a new one is used."""

import json
import threading
import time
from collections.abc import Callable, Mapping
from typing import Any

import httpx
import jwt
import structlog

from gateway.auth.access_file import OpenId
from gateway.auth.errors import IssuerUnavailable

_log = structlog.get_logger("gateway.auth")

_FRESH_SECONDS = 600.0
_PAUSE_SECONDS = 30.0
"""An unknown key is looked for this often at most: anybody can name one in a token."""
_KEPT_SECONDS = 86_400.0
"""Keys that cannot be fetched anew are used so long."""
_LONGEST = 512 * 1024
_TIMEOUT = httpx.Timeout(5.0)


class IssuerKeys:
    """The keys of one provider; any thread may ask.

    Args:
        issuer: the provider.
        clock: monotonic seconds.
    """

    def __init__(self, issuer: OpenId, clock: Callable[[], float] = time.monotonic) -> None:
        self._issuer = issuer
        self._clock = clock
        self._keys: dict[str | None, jwt.PyJWK] = {}
        self._fetched = self._tried = -_KEPT_SECONDS
        self._lock = threading.Lock()

    def key(self, key_id: str | None) -> jwt.PyJWK | None:
        """Return the key with an id; without one, the only key that there is. None: there is no such key.

        Raises:
            IssuerUnavailable: the provider does not answer, and its keys are not known.
        """
        found = self._find(key_id)
        if found is not None and self._clock() - self._fetched <= _FRESH_SECONDS:
            return found  # also while another thread waits for the provider
        with self._lock:
            now = self._clock()
            if now - self._fetched > _FRESH_SECONDS or self._find(key_id) is None:
                self._fetch(now)
            return self._find(key_id)

    def _find(self, key_id: str | None) -> jwt.PyJWK | None:
        if key_id is None:
            return next(iter(self._keys.values())) if len(self._keys) == 1 else None
        return self._keys.get(key_id)

    def _fetch(self, now: float) -> None:
        if now - self._tried < _PAUSE_SECONDS:
            return
        self._tried = now
        try:
            self._keys, self._fetched = self._read(), now
        except (httpx.HTTPError, ValueError, KeyError, TypeError, jwt.PyJWTError) as error:
            _log.warning("keys of an issuer cannot be fetched", issuer=self._issuer.url, error=type(error).__name__)
            if now - self._fetched > _KEPT_SECONDS or not self._keys:
                self._keys = {}
                self._tried = -_KEPT_SECONDS
                msg = f"{self._issuer.url} does not tell its keys"
                raise IssuerUnavailable(msg) from error

    def _read(self) -> dict[str | None, jwt.PyJWK]:
        # Redirects are not followed: the addresses are those that the operator wrote down, and that they name.
        with httpx.Client(timeout=_TIMEOUT) as client:
            address = self._issuer.keys_url
            if not address:
                told = _json(client, f"{self._issuer.url.rstrip('/')}/.well-known/openid-configuration")
                if told["issuer"] != self._issuer.url:
                    msg = "the configuration is that of another issuer"
                    raise ValueError(msg)
                address = str(told["jwks_uri"])
                # The same rule as for what the operator writes.
                self._issuer.model_validate({**self._issuer.model_dump(), "keys_url": address})
            found = jwt.PyJWKSet.from_dict(dict(_json(client, address)))
        return {key.key_id: key for key in found.keys if key.public_key_use in {None, "sig"} and key.key_type != "oct"}


def _json(client: httpx.Client, address: str) -> Mapping[str, Any]:
    with client.stream("GET", address) as answer:
        answer.raise_for_status()
        text = b""
        for block in answer.iter_bytes():
            text += block
            if len(text) > _LONGEST:
                msg = f"{address} answers with more than {_LONGEST} bytes"
                raise ValueError(msg)
    content = json.loads(text)
    if not isinstance(content, dict):
        msg = f"{address} answers with no object"
        raise TypeError(msg)
    return content
