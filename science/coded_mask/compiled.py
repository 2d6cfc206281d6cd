"""Compilation of the hot loops to machine code."""

from collections.abc import Callable
from typing import Any, TypeVar

import numba

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function on first use, without the global interpreter lock, with a file cache."""
    loop: F = numba.njit(cache=True, nogil=True)(function)
    return loop
