"""The access file: who may call, by which issuers' tokens, with which roles and how often; read again when it changes.

`odamesh stack up` writes it for the gateway's user alone, from the operator's ``access.toml`` and the keys that it
generated; docs/accounts.md explains every entry.
"""

import threading
import time
import tomllib
from pathlib import Path
from typing import Annotated, Any, Literal

import structlog
from pydantic import Field, ValidationError, model_validator

from gateway.alerts.signatures import secret_problem
from mesh.accounts.roles import Roles, Rule
from mesh.contracts.document import Part
from mesh.intake.rate import Rate
from mesh.settings import SettingsError

_log = structlog.get_logger("gateway.auth")

_LOOK_SECONDS = 5.0
_LEAST_KEY = 32
_NAME = r"^[a-z0-9][a-z0-9.-]{0,31}$"

Key = Annotated[str, Field(min_length=_LEAST_KEY)]
"""A shared secret: HS256 needs 32 bytes at least (RFC 7518)."""


class Issuer(Part):
    """What both kinds of issuers have."""

    domains: tuple[str, ...] = ()
    """Names of callers that end so, after an ``@``, are taken as they are; ``*`` (for an only issuer): all with one.

    Any other name is followed by ``@`` and the name of the issuer, so that nobody gets another's name.
    """
    name_claim: str = "sub"
    roles_claim: str = "roles"
    """Where the token tells roles, in a list or separated by commas; dots lead into objects."""
    roles: dict[str, str] = Field(default_factory=dict)
    """Role as the token tells it -> role of this mesh, where they differ."""
    operators: bool = False
    """Whether the issuer may make somebody an operator."""
    audience: tuple[str, ...] = ()


class SharedSecret(Issuer):
    """An issuer that signs with a secret which the gateway has too (HS256), as MMODA's front end does."""

    kind: Literal["shared-secret"]
    issuer: str = ""
    """Claim ``iss``; empty: tokens without it."""
    keys: tuple[Key, ...] = Field(min_length=1, repr=False)
    """Any of them counts: to rotate, add the new one, have the issuer sign with it, and remove the old one."""
    refresh: bool = False
    """Whether the gateway signs a token of this issuer anew for its holder, who needs the role ``refresh-tokens``."""


class OpenId(Issuer):
    """An OpenID Connect provider; its keys are fetched from where its configuration says."""

    kind: Literal["openid"]
    url: str = Field(pattern=r"^https?://")
    """Claim ``iss``, and where ``/.well-known/openid-configuration`` is."""
    audience: tuple[str, ...] = Field(min_length=1)
    keys_url: str = ""
    """Where its keys are (JWKS), if it has no such configuration."""
    client_id: str = ""
    """Under which the provider knows the `odamesh` command, a public client with the device flow; it must be in the
    audience. Empty: ``odamesh login`` cannot sign in there."""
    algorithms: tuple[Literal["RS256", "RS384", "RS512", "PS256", "ES256", "ES384", "EdDSA"], ...] = ("RS256", "ES256")

    @model_validator(mode="after")
    def _is_private(self) -> "OpenId":
        if self.client_id and self.client_id not in self.audience:
            msg = f"audience lacks the client_id {self.client_id!r}, for which the tokens of odamesh login are"
            raise ValueError(msg)
        for address in (self.url, self.keys_url):
            host = address.partition("://")[2].partition("/")[0].partition(":")[0]
            if address.startswith("http:") and host not in {"127.0.0.1", "localhost"}:
                msg = f"{address} must begin with https: who stands between could give keys of their own"
                raise ValueError(msg)
        return self


Secret = Annotated[str, Field(min_length=20, max_length=200)]


class Sender(Part):
    """A broker that posts alerts with a signature (Standard Webhooks)."""

    secrets: tuple[Secret, ...] = Field(min_length=1, max_length=10, repr=False)
    """``whsec_...`` shared with it, or ``whpk_...``, its public key. Any of them counts: to rotate, add the new one,
    have the sender sign with it, and remove the old one."""
    streams: tuple[str, ...] = ()
    """Streams that it may send, e.g. ``lvk``; empty: all."""
    ended: bool = False
    """Whether it is told to stop (410)."""

    @model_validator(mode="after")
    def _secrets_are_whole(self) -> "Sender":
        for number, secret in enumerate(self.secrets, 1):
            if problem := secret_problem(secret):
                msg = f"secret {number}: {problem}"
                raise ValueError(msg)
        return self


class Rates(Part):
    """How often one caller may ask; 0: without end. Operators always may."""

    anonymous_a_minute: int = Field(default=300, ge=0)
    """Requests of one address without account."""
    signed_in_a_minute: int = Field(default=6000, ge=0)
    anonymous_submissions_an_hour: int = Field(default=60, ge=0)
    signed_in_submissions_an_hour: int = Field(default=3600, ge=0)

    def requests(self, *, anonymous: bool) -> Rate | None:
        """Return how often a caller may ask for anything."""
        quota = self.anonymous_a_minute if anonymous else self.signed_in_a_minute
        return Rate(quota, 60) if quota else None

    def submissions(self, *, anonymous: bool) -> Rate | None:
        """Return how often a caller may submit."""
        quota = self.anonymous_submissions_an_hour if anonymous else self.signed_in_submissions_an_hour
        return Rate(quota, 3600) if quota else None


class Signing(Part):
    """The gateway's own keys, from `odamesh stack up`."""

    keys: tuple[Key, ...] = Field(min_length=1, repr=False)
    """The first one signs sessions; all are accepted."""
    salt: Key = Field(repr=False)
    """Turns addresses into digits that do not tell them."""


class Access(Part):
    """What the file says."""

    anonymous: bool = True
    """Whether callers without account may use the mesh, within limits of their own."""
    token_days: int = Field(default=366, ge=1)
    """How long an API token works at most."""
    session_hours: float = Field(default=12.0, gt=0)
    """How long a browser stays signed in."""
    issuers: dict[
        Annotated[str, Field(pattern=_NAME)], Annotated[SharedSecret | OpenId, Field(discriminator="kind")]
    ] = Field(default_factory=dict)
    senders: dict[Annotated[str, Field(pattern=_NAME)], Sender] = Field(default_factory=dict)
    """Brokers that sign their alerts."""
    roles: dict[str, str] = Field(default_factory=dict)
    """Role -> a sentence on it."""
    rules: tuple[Rule, ...] = ()
    rates: Rates = Rates()
    signing: Signing

    @model_validator(mode="after")
    def _names_are_unambiguous(self) -> "Access":
        self.known_roles()
        taken: dict[str, str] = {name: name for name in self.issuers}
        for name, issuer in self.issuers.items():
            for domain in issuer.domains:
                if taken.setdefault(domain, name) != name:
                    msg = f"the issuers {taken[domain]} and {name} could both give names in {domain}"
                    raise ValueError(msg)
        if len(self.issuers) > 1 and any("*" in issuer.domains for issuer in self.issuers.values()):
            msg = "an issuer with the domain * could give the names of every other issuer: name its domains"
            raise ValueError(msg)
        told = [one.issuer if isinstance(one, SharedSecret) else one.url for one in self.issuers.values()]
        if len(set(told)) < len(told):
            msg = "two issuers have the same `iss`: a token could not tell them apart"
            raise ValueError(msg)
        return self

    def known_roles(self) -> Roles:
        """Return the roles and the rules."""
        return Roles(described=self.roles, rules=self.rules)


class AccessFile:
    """The file as it is now; any thread may ask. A mistake in a changed file is logged, and the last good one counts.

    Args:
        path: where it is.

    Raises:
        SettingsError: it cannot be read, or has a mistake.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._stamp = _stamp(path)
        self._access = read_access(path)
        self._looked = time.monotonic()
        self._lock = threading.Lock()

    def now(self) -> Access:
        """Return what the file says; looks at it every few seconds."""
        if time.monotonic() - self._looked < _LOOK_SECONDS:
            return self._access
        with self._lock:
            self._looked = time.monotonic()
            stamp = _stamp(self._path)
            if stamp != self._stamp:
                self._stamp = stamp
                try:
                    self._access = read_access(self._path)
                    _log.info("access file read again")
                except SettingsError as error:
                    _log.error("access file has a mistake; the one before still counts", error=str(error))
            return self._access


def read_access(path: Path) -> Access:
    """Read the file.

    Raises:
        SettingsError: it cannot be read, or has a mistake; names the entry, never its value.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except OSError as error:
        msg = f"cannot read {path} ({error.strerror}): run `odamesh stack up`, or set ODAMESH_GATEWAY_ACCESS"
        raise SettingsError(msg) from error
    return parse_access(text, path)


def parse_access(text: str, path: Path) -> Access:
    """Read what is to be in the file.

    Args:
        text: TOML.
        path: named where there is a mistake.

    Raises:
        SettingsError: as `read_access`.
    """
    try:
        content: dict[str, Any] = tomllib.loads(text)
    except ValueError as error:
        raise SettingsError(f"{path} is not valid TOML ({error})") from error
    try:
        return Access.model_validate(content)
    except ValidationError as error:
        # Not its own text, which repeats the values: some are secrets.
        faults = "; ".join(f"{'.'.join(map(str, one['loc'])) or 'file'}: {one['msg']}" for one in error.errors()[:5])
        raise SettingsError(f"{path}: {faults} (see docs/accounts.md)") from None


def _stamp(path: Path) -> tuple[int, int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_ino, found.st_size
