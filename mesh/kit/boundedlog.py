"""Keeps the beginning and the end of a log of any length in bounded memory."""


class BoundedLog:
    """The first and the last half of *limit* bytes of what is added.

    Args:
        limit: bytes kept.
    """

    def __init__(self, limit: int) -> None:
        self._half = limit // 2
        self._head = bytearray()
        self._tail = bytearray()
        self._left_out = 0

    def add(self, data: bytes) -> None:
        """Append *data*."""
        room = self._half - len(self._head)
        self._head += data[:room]
        self._tail += data[room:]
        # Cutting only at twice the size makes the cost of a byte constant.
        if len(self._tail) > 2 * self._half:
            self._cut()

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
