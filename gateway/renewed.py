"""Something that takes long to read and changes seldom: read once, and again when it may have changed."""

import threading
import time
from collections.abc import Callable
from typing import Generic, TypeVar

_SECONDS = 600.0

_Value = TypeVar("_Value")


class Renewed(Generic[_Value]):
    """A value that is read anew now and then; meanwhile everybody has the one before. Any thread may ask.

    Args:
        read: reads it. What it raises reaches the caller as long as there is no value; later the one before stays.
        seconds: after which it is read again.
        clock: monotonic seconds.
    """

    def __init__(
        self, read: Callable[[], _Value], seconds: float = _SECONDS, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._read = read
        self._seconds = seconds
        self._clock = clock
        self._value: tuple[_Value] | None = None
        self._due = float("-inf")
        self._lock = threading.Lock()

    def now(self) -> _Value:
        """Return the value."""
        value = self._value
        if value is not None and (self._clock() < self._due or self._lock.locked()):
            return value[0]
        with self._lock:
            if self._value is None or self._clock() >= self._due:
                self._renew()
            assert self._value is not None  # noqa: S101 - read, or raised
            return self._value[0]

    def _renew(self) -> None:
        try:
            self._value = (self._read(),)
        except Exception:
            if self._value is None:
                raise
        self._due = self._clock() + self._seconds
