"""Keeps the beginning and the end of a log of any length in bounded memory."""

LOG_LIMIT = 1 << 20
"""Bytes kept of the log of a unit."""
GAP_LIMIT = 64
"""Bytes that the line about what is left out may have."""


class BoundedLog:
    """The first and the last half of *limit* bytes of what is added.

    Args:
        limit: bytes kept.
    """

    def __init__(self, limit: int = LOG_LIMIT) -> None:
        self._half = limit // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0

    @property
    def size(self) -> int:
        """Number of bytes that were added."""
        return len(self._head) + self._left_out + len(self._tail)

    def add(self, data: bytes) -> None:
        """Append *data*."""
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        # Cutting only at twice the size makes the cost of a byte constant.
        if len(self._tail) > 2 * self._half:
            self._cut()

    def since(self, position: int, most: int) -> tuple[int, bytes]:
        """Return the newest *most* bytes after *position*, and where they begin; what is left out is passed over."""
        start = max(position, self.size - most, 0)
        begin_of_tail = len(self._head) + self._left_out
        if start >= begin_of_tail:
            return start, bytes(self._tail[start - begin_of_tail :])
        if self._left_out:
            return begin_of_tail, bytes(self._tail)
        return start, bytes(self._head[start:] + self._tail)

    def text(self) -> str:
        """Return what is kept, with a line that says how much is left out between."""
        self._cut()
        gap = f"\n[{self._left_out} bytes left out]\n".encode() if self._left_out else b""
        return (bytes(self._head) + gap + bytes(self._tail)).decode("utf-8", errors="replace")

    def _cut(self) -> None:
        surplus = len(self._tail) - self._half
        if surplus > 0:
            del self._tail[:surplus]
            self._left_out += surplus
