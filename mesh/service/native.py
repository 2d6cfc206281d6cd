"""Runs what computes or reads for long in a native thread, so that the green threads of a service live on meanwhile.

Heartbeats to the broker, ``/livez`` and every other handler wait for a green thread that does not yield. What runs here
must not touch what green threads use as well (clients of Redis, MinIO, the broker and far archives, executors): their
locks are green, and a native thread cannot wait for one that a green thread holds. It may compute, read files and log.
"""

import atexit
from collections.abc import Callable
from typing import ParamSpec, Protocol, TypeVar

from eventlet import tpool

_P = ParamSpec("_P")
_T = TypeVar("_T")

_THREADS = 4
"""They share the interpreter, so more of them help only where they wait for a far archive."""

tpool.set_num_threads(_THREADS)
# A process that is told to end does not wait for a plan: whoever comes next makes it anew.
atexit.unregister(tpool.killall)


class Run(Protocol):
    """Calls a function somewhere and waits for what it returns or raises."""

    def __call__(self, work: Callable[_P, _T], /, *args: _P.args, **named: _P.kwargs) -> _T:
        """Call *work* with the arguments."""


def directly(work: Callable[_P, _T], /, *args: _P.args, **named: _P.kwargs) -> _T:
    """Call a function here, in a process that is not green."""
    return work(*args, **named)


def in_native_thread(work: Callable[_P, _T], /, *args: _P.args, **named: _P.kwargs) -> _T:
    """Call a function in a native thread; the green thread that asks waits, the others go on."""
    result: _T = tpool.execute(work, *args, **named)
    return result
