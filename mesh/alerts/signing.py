"""Signs what the mesh posts, as the Standard Webhooks specification has it (https://www.standardwebhooks.com)."""

import base64
import hmac
import secrets
from collections.abc import Iterable, Mapping

SECRET_PREFIX = "whsec_"  # noqa: S105 - how each of them begins
_SECRET_BYTES = 32


def new_secret() -> str:
    """Return a new secret: ``whsec_`` and 32 random bytes in base64."""
    return SECRET_PREFIX + base64.b64encode(secrets.token_bytes(_SECRET_BYTES)).decode()


def signed_headers(ident: str, seconds: int, body: bytes, keys: Iterable[str]) -> Mapping[str, str]:
    """Return the headers of a signed message.

    Args:
        ident: of the message, the same at each try.
        seconds: of this try, since 1970.
        body: what is posted.
        keys: secrets; each gives a signature, so that a receiver may know any of them.
    """
    text = f"{ident}.{seconds}.".encode() + body
    signatures = []
    for key in keys:
        secret = base64.b64decode(key.removeprefix(SECRET_PREFIX), validate=True)
        signatures.append(f"v1,{base64.b64encode(hmac.digest(secret, text, 'sha256')).decode()}")
    return {"webhook-id": ident, "webhook-timestamp": str(seconds), "webhook-signature": " ".join(signatures)}
