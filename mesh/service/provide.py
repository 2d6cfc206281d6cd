"""Gives handlers what they need, made once per process.

class Dispatcher:
    name = "dispatcher"
    jobs = Provided(lambda context: Jobs(...))
"""

from collections.abc import Callable
from typing import Any

from nameko.extensions import DependencyProvider

from mesh.service.context import Context, context


class Provided(DependencyProvider):
    """Makes a value when the service starts and hands the same one to every handler.

    A value with a method ``close()`` is closed when the service has drained.

    Args:
        make: from the context of the process to the value.
    """

    def __init__(self, make: Callable[[Context], Any]) -> None:
        self._make = make
        self._value: Any = None

    def setup(self) -> None:
        """Make the value (nameko life cycle)."""
        self._value = self._make(context())

    def stop(self) -> None:
        """Close the value (nameko life cycle)."""
        close = getattr(self._value, "close", None)
        if close is not None:
            close()

    def get_dependency(self, worker_ctx: Any) -> Any:
        """Return the value (nameko life cycle)."""
        return self._value
