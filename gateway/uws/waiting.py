"""Waits for a job to change (WAIT of UWS 1.1, section 2.2.1.1)."""

import asyncio
from collections.abc import Callable
from contextlib import suppress

from gateway.uws.phases import ACTIVE, phase_of
from gateway.wakeups import Bell
from mesh.contracts import JobView
from mesh.errors import NotFound

LONGEST_SECONDS = 60
"""A job is told after this long even if nothing has changed; clients ask again by themselves."""
_LOOK_SECONDS = 5.0
"""Between two looks at a job whose run rings: a wake-up may be lost."""
_UNPLANNED_SECONDS = 1.0
_SETTLE_SECONDS = 0.05

Look = Callable[[], JobView]


async def changed(bell: Bell, look: Look, seconds: int, phase: str = "") -> JobView:
    """Return a job as soon as its phase is another one, or after a while.

    Args:
        bell: rings when a run changed.
        look: returns the job; runs in a thread.
        seconds: how long to wait; negative: as long as may be.
        phase: wait only while this is the phase; empty: that of now.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + (LONGEST_SECONDS if seconds < 0 else min(seconds, LONGEST_SECONDS))
    view = await asyncio.to_thread(look)
    known = phase.upper() or phase_of(view).value
    while phase_of(view) in ACTIVE and phase_of(view).value == known:
        left = end - loop.time()
        if left <= 0:
            break
        with bell.listen(view.run_id or view.job_id) as rung:
            # What changed before the bell was heard is seen now.
            view = await asyncio.to_thread(look)
            if phase_of(view).value != known:
                break
            pause = _LOOK_SECONDS if view.run_id else _UNPLANNED_SECONDS
            with suppress(TimeoutError):
                await asyncio.wait_for(rung.wait(), min(pause, left))
        view = await asyncio.to_thread(look)
    return view


async def until(look: Look, reached: Callable[[JobView], bool], seconds: float) -> bool:
    """Say whether a job comes to be as wanted, or goes, within some seconds: what was asked for takes a moment.

    Args:
        look: returns the job; runs in a thread.
        reached: whether it is as wanted.
        seconds: how long to wait.
    """
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while True:
        try:
            if reached(await asyncio.to_thread(look)):
                return True
        except NotFound:
            return True
        if loop.time() >= end:
            return False
        await asyncio.sleep(_SETTLE_SECONDS)
