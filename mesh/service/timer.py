"""Calls a method of a service every so many seconds, or something else once, after a moment."""

from collections.abc import Callable
from functools import partial
from typing import Any, TypeVar

import eventlet
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


def after(seconds: float) -> Callable[[Callable[[], None]], object]:
    """Return what has something called after so many seconds, in a green thread of its own.

    A timer that comes ten times a second to find nothing costs as much as the work of a small mesh.
    """
    return partial(eventlet.spawn_after, seconds)
