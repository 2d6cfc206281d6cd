"""Signatures of posts, as the Standard Webhooks specification has them: an id, a time and one or more signatures.

What is signed is ``<webhook-id>.<webhook-timestamp>.<body>``: ``v1`` by HMAC-SHA256 with a secret (``whsec_...``),
``v1a`` by Ed25519 with the sender's key (``whpk_...``). Several secrets count at once, so that they can be rotated.
"""

import base64
import binascii
import hmac
import time
from collections.abc import Callable, Iterable, Mapping

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

TOLERANCE_SECONDS = 300
_SECRET, _KEY = "whsec_", "whpk_"
_MOST_SIGNATURES = 16


class NotSigned(Exception):
    """The signature does not count; the text says what to do."""


def is_signed(headers: Mapping[str, str]) -> bool:
    """Say whether a post brings a signature."""
    return "webhook-signature" in headers


def sender_of(
    headers: Mapping[str, str],
    body: bytes,
    senders: Mapping[str, Iterable[str]],
    clock: Callable[[], float] = time.time,
) -> str:
    """Return who signed a post.

    Args:
        headers: of the post.
        body: as it came.
        senders: name -> its secrets and keys.
        clock: seconds since 1970.

    Raises:
        NotSigned: nobody who is known, at another time, or not like this.
    """
    ident, told = headers.get("webhook-id", ""), headers.get("webhook-timestamp", "")
    if not ident or len(ident) > 200:
        raise NotSigned("the header webhook-id is missing or longer than 200 signs")
    if not told.isascii() or not told.isdigit() or len(told) > 12:
        raise NotSigned("the header webhook-timestamp is not in whole seconds since 1970")
    apart = clock() - int(told)
    if abs(apart) > TOLERANCE_SECONDS:
        late = f"{abs(apart):.0f} s {'old' if apart > 0 else 'in the future'}"
        raise NotSigned(f"the header webhook-timestamp is {late}: at most {TOLERANCE_SECONDS} s; is your clock right?")
    signed = f"{ident}.{told}.".encode() + body
    given = [entry.partition(",") for entry in headers.get("webhook-signature", "").split()[:_MOST_SIGNATURES]]
    wanted = {kind: [_decoded(text) for name, _, text in given if name == kind] for kind in ("v1", "v1a")}
    for name, secrets in senders.items():
        for secret in secrets:
            if _counts(secret, signed, wanted):
                return name
    raise NotSigned("the signature is that of no sender that is known here: is the secret the right one?")


def secret_problem(secret: str) -> str:
    """Return what is wrong with a secret or key as it is written; empty for a good one."""
    raw = _decoded(secret.removeprefix(_SECRET).removeprefix(_KEY))
    if secret.startswith(_SECRET):
        return "" if 24 <= len(raw) <= 64 else "whsec_ is followed by 24 to 64 bytes in base64"
    if secret.startswith(_KEY):
        return "" if len(raw) == 32 else "whpk_ is followed by the 32 bytes of an Ed25519 key in base64"
    return "a secret begins with whsec_, a public key with whpk_"


def _counts(secret: str, signed: bytes, given: Mapping[str, list[bytes]]) -> bool:
    if secret.startswith(_KEY):
        key = Ed25519PublicKey.from_public_bytes(_decoded(secret.removeprefix(_KEY)))
        return any(_verifies(key, one, signed) for one in given["v1a"])
    right = hmac.digest(_decoded(secret.removeprefix(_SECRET)), signed, "sha256")
    # All are compared: how long it takes must not tell which of them is nearly right.
    return sum([hmac.compare_digest(one, right) for one in given["v1"]]) > 0


def _verifies(key: Ed25519PublicKey, signature: bytes, signed: bytes) -> bool:
    try:
        key.verify(signature, signed)
    except InvalidSignature:
        return False
    return True


def _decoded(text: str) -> bytes:
    try:
        return base64.b64decode(text.encode(), validate=True)
    except (binascii.Error, UnicodeEncodeError):
        return b""
