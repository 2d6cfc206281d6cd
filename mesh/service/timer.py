"""Calls a method of a service every so many seconds."""

from collections.abc import Callable
from typing import Any, TypeVar

from nameko.timer import timer

Method = TypeVar("Method", bound=Callable[..., Any])


def every(
    seconds: float, *, eager: bool = False, expected: tuple[type[Exception], ...] = ()
) -> Callable[[Method], Method]:
    """Return a decorator that has the method called again and again; a call that takes longer delays the next one.

    Args:
        seconds: from one call to the next.
        eager: whether the first comes at once, and not after the first pause.
        expected: errors that are logged as warnings and are no faults of the service.
    """
    decorator: Callable[[Method], Method] = timer(interval=seconds, eager=eager, expected_exceptions=expected)
    return decorator
