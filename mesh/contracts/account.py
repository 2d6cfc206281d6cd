"""Who may use the mesh: accounts, their API tokens, and the trail of what callers did."""

from typing import ClassVar

from mesh.contracts.document import Document, Part


class Account(Document):
    """``accounts/<name>.json``: what an operator has settled about a user."""

    SCHEMA: ClassVar[str] = "odamesh.account/1"

    name: str
    roles: tuple[str, ...] = ()
    """Beside those that an issuer of tokens tells."""
    disabled: bool = False
    """Whether nobody gets in under this name, by whatever way."""
    created: str
    """UTC, ISO 8601 with ``Z``."""


class ApiToken(Document):
    """``tokens/<token_id>.json``: a token that a user made for a program. The token itself is stored nowhere."""

    SCHEMA: ClassVar[str] = "odamesh.api-token/1"

    token_id: str
    user: str
    sha256: str
    """Of the secret part: it has 256 random bits, so that nothing slower is needed."""
    scopes: tuple[str, ...]
    label: str = ""
    """What its user calls it."""
    created: str
    expires: str | None = None
    """UTC, ISO 8601 with ``Z``; None: never."""
    revoked: str | None = None
    """When it was revoked."""


class TokenUse(Document):
    """``token-uses/<token_id>.json``: when a token was used last; apart, so that no use undoes a revocation."""

    SCHEMA: ClassVar[str] = "odamesh.token-use/1"

    token_id: str
    used: str
    """UTC, ISO 8601 with ``Z``; up to ten minutes too early."""


class TrailEntry(Part):
    """Somebody did something, or was refused."""

    at: str
    """UTC, ISO 8601 with ``Z``."""
    caller: str
    deed: str
    """A word: ``submit``, ``cancel``, ``revoke-token``, ``refused``..."""
    about: str = ""
    """The job, token or account."""
    detail: str = ""
    address: str = ""
    """From which it came."""
    request_id: str = ""


class TrailPage(Document):
    """``audit-trail/<day>/<writer>-<page>.json``: what one gateway noted."""

    SCHEMA: ClassVar[str] = "odamesh.trail-page/1"

    entries: tuple[TrailEntry, ...]
