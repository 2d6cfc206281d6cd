"""A message that was read: the notice, what makes two messages the same one, and the maps that came with it."""

import hashlib
import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from mesh.contracts.notice import Notice
from mesh.keys import content_key


@dataclass(frozen=True)
class Message:
    """One message.

    Args:
        notice: what it says.
        content: SHA-256 of its canonical form: equal for one notice in JSON and in Avro, spaced and ordered anyhow.
        maps: sha256 -> bytes of the maps that came in it.
    """

    notice: Notice
    content: str
    maps: Mapping[str, bytes] = field(default_factory=dict)


def content_of_json(value: Any, maps: Mapping[str, bytes]) -> str:
    """Return the hash of JSON, or of what Avro decodes to; maps, by their bytes, and what is absent or empty aside."""
    return content_key({"json": _pruned(value), "maps": sorted(maps)})


def content_of_xml(canonical: bytes) -> str:
    """Return the hash of a document in canonical XML."""
    return hashlib.sha256(b"xml" + canonical).hexdigest()


def _pruned(value: Any) -> Any:
    """Drop what one format leaves out and the other writes as null or empty."""
    if isinstance(value, Mapping):
        found = {str(name): _pruned(one) for name, one in value.items()}
        return {name: one for name, one in sorted(found.items()) if one not in (None, {}, [])}
    if isinstance(value, (list, tuple)):
        return [_pruned(one) for one in value]
    if isinstance(value, float) and not math.isfinite(value):
        return str(value)
    return value
