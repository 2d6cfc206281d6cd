"""From a credential to who calls: API tokens, tokens of issuers, sessions, and callers whom nobody knows."""

import asyncio
import hmac
import ipaddress
import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any, TypeVar

from gateway.auth.access_file import Access, SharedSecret
from gateway.auth.credential import Credential
from gateway.auth.errors import NotSignedIn
from gateway.auth.known import KnownAccounts, Remembered
from gateway.auth.pace import Pace
from gateway.auth.sessions import read_session
from gateway.auth.web_tokens import Told, WebTokens
from mesh.accounts.accounts import Accounts
from mesh.accounts.api_tokens import is_the_text_of, token_id_of
from mesh.clock import utc_now
from mesh.contracts import ApiToken
from mesh.errors import StoreUnavailable
from mesh.intake import Caller, Scope
from mesh.intake.caller import ANONYMOUS

_USE_SECONDS = 600.0
"""How exactly the last use of a token is known."""
_DIGITS = 12
_Found = TypeVar("_Found")
_SCOPES = {scope.value: scope for scope in Scope}


@dataclass(frozen=True)
class Identity:
    """Who calls, and by what that is known."""

    caller: Caller
    told_roles: frozenset[str] = frozenset()
    """Of an issuer."""
    token_id: str = ""
    """Of the API token."""
    expires: float | None = None
    """When the credential ends [s since 1970]; None: it has no end."""
    cookie: bool = False
    issuer: str = ""
    """Of a token of an issuer: its name in the access file."""
    claims: Mapping[str, Any] = field(default_factory=dict, repr=False)
    """What that token says; without its signature nobody else takes it."""

    @property
    def key(self) -> str:
        """What tells this caller from others: the name, and of callers without account the address."""
        return self.caller.address if self.caller.anonymous else self.caller.name


class Identify:
    """Finds out who calls; belongs to one event loop.

    Args:
        access: what the access file says now.
        store: accounts and tokens.
        pace: counts credentials that did not count.
    """

    def __init__(self, access: Callable[[], Access], store: Accounts, pace: Pace) -> None:
        self.access = access
        self.known = KnownAccounts(store)
        self._pace = pace
        self._web_tokens = WebTokens()
        self._used: dict[str, float] = {}
        self._uses_to_note: dict[str, str] = {}
        self._lock = threading.Lock()

    async def __call__(self, credential: Credential | None, address: str) -> Identity:
        """Return who calls.

        Args:
            credential: what the caller shows; None: nothing.
            address: from which the call comes.

        Raises:
            NotSignedIn: the credential does not count, or there is none and this mesh is for accounts alone.
            TooFast: too many credentials of this address did not count.
            IssuerUnavailable, StoreUnavailable: it cannot be found out now.
        """
        access = self.access()
        if credential is None:
            if not access.anonymous:
                raise NotSignedIn(
                    "This mesh is for callers with an account: send a token (Authorization: Bearer ...), or run "
                    "`odamesh login`.",
                    "missing",
                )
            return Identity(self.anonymous(address, access))
        if credential.cookie:
            return await self._session(credential.text, address, access)
        if (token_id := token_id_of(credential.text)) is not None:
            return await self._api_token(credential.text, token_id, address)
        return await self._web_token(credential.text, address, access)

    async def again(self, identity: Identity) -> Identity:
        """Return who calls as of now, for somebody who was let in before.

        Raises:
            NotSignedIn: the credential counts no longer.
            StoreUnavailable: it cannot be found out now.
        """
        if identity.caller.anonymous:
            return identity
        if identity.expires is not None and identity.expires < time.time():
            raise NotSignedIn("The credential has expired.", "expired", identity.caller.name)
        if identity.token_id:
            _check_token(await self._ask(self.known.tokens, identity.token_id, ""))
        was = identity.caller
        caller = await self._caller(was.name, identity.told_roles, was.scopes, was.address)
        return replace(identity, caller=caller)

    def anonymous(self, address: str, access: Access) -> Caller:
        """Return the caller without account at an address; equal ones are one network of IPv6, or one IPv4 address."""
        digits = hmac.digest(access.signing.salt.encode(), _network(address).encode(), "sha256").hex()[:_DIGITS]
        return Caller(name=f"{ANONYMOUS}@{digits}", scopes=frozenset({Scope.READ, Scope.WRITE}), address=address)

    def flush_uses(self) -> None:
        """Store when tokens were used last; called now and then, from one thread.

        Raises:
            StoreUnavailable: the store does not answer; what is not stored is kept for the next time.
        """
        while self._uses_to_note:
            with self._lock:
                token_id, used = self._uses_to_note.popitem()
            try:
                self.known.store.note_use(token_id, used)
            except StoreUnavailable:
                with self._lock:
                    self._uses_to_note.setdefault(token_id, used)
                raise

    async def _session(self, text: str, address: str, access: Access) -> Identity:
        session = read_session(text, access.signing)
        if session.token_id:
            _check_token(await self._ask(self.known.tokens, session.token_id, address))
        caller = await self._caller(session.name, session.told_roles, session.scopes, address)
        return Identity(caller, session.told_roles, session.token_id, session.expires, cookie=True)

    async def _api_token(self, text: str, token_id: str, address: str) -> Identity:
        token = await self._ask(self.known.tokens, token_id, address)
        if token is None or not is_the_text_of(text, token):
            raise NotSignedIn("There is no such API token: is it whole?", "unknown")
        _check_token(token)
        scopes = frozenset(_SCOPES[scope] for scope in token.scopes if scope in _SCOPES)
        caller = await self._caller(token.user, frozenset(), scopes, address)
        self._note_use(token_id)
        return Identity(caller, token_id=token_id, expires=_seconds(token.expires))

    async def _web_token(self, text: str, address: str, access: Access) -> Identity:
        if all(isinstance(issuer, SharedSecret) for issuer in access.issuers.values()):
            told: Told = self._web_tokens.read(text, access)
        else:
            # An issuer may have to be asked for its keys.
            told = await asyncio.to_thread(self._web_tokens.read, text, access)
        caller = await self._caller(told.name, told.roles, frozenset(Scope), address)
        return Identity(caller, told_roles=told.roles, expires=told.expires, issuer=told.issuer, claims=told.claims)

    async def _caller(self, name: str, told_roles: frozenset[str], scopes: frozenset[Scope], address: str) -> Caller:
        account = await self._ask(self.known.accounts, name, "")
        if account is not None and account.disabled:
            raise NotSignedIn(f"The account {name} is disabled: ask the operators of this mesh.", "disabled", name)
        roles = told_roles | frozenset(account.roles if account else ())
        return Caller.with_roles(name, roles, scopes=scopes, address=address)

    async def _ask(self, memory: Remembered[_Found], name: str, address: str) -> _Found:
        """Return what is known; the store is asked in a thread, and not for an address that guesses."""
        if (known := memory.fresh(name)) is not None:
            return known[0]
        if address:
            self._pace.check_guesses(address)
        return await asyncio.to_thread(memory.get, name)

    def _note_use(self, token_id: str) -> None:
        now = time.monotonic()
        if now - self._used.get(token_id, -_USE_SECONDS) >= _USE_SECONDS:
            self._used[token_id] = now
            with self._lock:
                self._uses_to_note[token_id] = utc_now()


def _check_token(token: ApiToken | None) -> None:
    if token is None:
        raise NotSignedIn("The API token of this session does not exist any more.", "unknown")
    if token.revoked is not None:
        raise NotSignedIn(f"This API token was revoked on {token.revoked[:10]}.", "revoked", token.user)
    if (end := _seconds(token.expires)) is not None and end < time.time():
        text = f"This API token expired on {str(token.expires)[:10]}: make a new one."
        raise NotSignedIn(text, "expired", token.user)


def _seconds(instant: str | None) -> float | None:
    return None if instant is None else datetime.fromisoformat(instant).timestamp()


def _network(address: str) -> str:
    try:
        found = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return address
    mapped = found.ipv4_mapped if isinstance(found, ipaddress.IPv6Address) else None
    if mapped is not None or isinstance(found, ipaddress.IPv4Address):
        return str(mapped or found)
    return str(ipaddress.ip_network(f"{found}/64", strict=False))
