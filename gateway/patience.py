"""Asks the store again while it does not answer: a stream outlives a restart of the servers."""

import asyncio
from collections.abc import Callable
from typing import ParamSpec, TypeVar

from tenacity import AsyncRetrying, retry_if_exception_type, stop_after_delay, wait_random_exponential

from mesh.errors import StoreUnavailable

PATIENCE_SECONDS = 120.0
_LONGEST_PAUSE = 5.0

_Given = ParamSpec("_Given")
_Answer = TypeVar("_Answer")


async def ask(function: Callable[_Given, _Answer], *args: _Given.args, **kwargs: _Given.kwargs) -> _Answer:
    """Return what *function* returns, called in a thread; while the store is away, again and again.

    The pauses have chance in them, so that the streams of a gateway do not come back all at once.

    Raises:
        StoreUnavailable: the store was away for two minutes.
        Exception: whatever else the function raises, at once.
    """
    attempts = AsyncRetrying(
        retry=retry_if_exception_type(StoreUnavailable),
        wait=wait_random_exponential(multiplier=0.2, max=_LONGEST_PAUSE),
        stop=stop_after_delay(PATIENCE_SECONDS),
        reraise=True,
    )
    return await attempts(asyncio.to_thread, function, *args, **kwargs)
