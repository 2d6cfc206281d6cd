"""Names that must fit into what a server or the kernel takes."""

from hashlib import sha256

_HASH = 6


def shorten(name: str, longest: int) -> str:
    """Return a name of at most so many characters; long names that begin alike stay different."""
    if len(name) <= longest:
        return name
    return f"{name[: longest - _HASH - 1]}-{sha256(name.encode()).hexdigest()[:_HASH]}"
