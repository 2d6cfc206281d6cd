"""Files that go to the mesh as inputs of jobs: from what a caller gives to their content, or to their hash there."""

import os
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from odamesh.errors import WrongValue

UPLOADS = "uploads"
"""Type of the parameters that take them."""
_HASH = re.compile(r"[0-9a-f]{64}")


def content_of(given: str | os.PathLike[str] | bytes) -> bytes:
    """Return the content of a file, which may be given itself.

    Raises:
        WrongValue: it cannot be read.
    """
    if isinstance(given, (bytes, bytearray)):
        return bytes(given)
    try:
        return Path(given).read_bytes()
    except (OSError, ValueError) as error:
        raise WrongValue(f"{given} cannot be read: {error}") from error


def files_in(parameters: Mapping[str, Any], types: Mapping[str, str]) -> dict[str, list[Any]]:
    """Return what parameters for files hold, by name: paths and contents that are to be sent, and hashes."""
    found = {}
    for name, value in parameters.items():
        if types.get(name) == UPLOADS and value is not None:
            single = isinstance(value, (str, bytes, bytearray, os.PathLike))
            found[name] = [value] if single else list(value)
    return found


def is_hash(entry: Any) -> bool:
    """Say whether something names a file that was sent already."""
    return isinstance(entry, str) and _HASH.fullmatch(entry) is not None
