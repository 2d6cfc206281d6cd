"""Causes that are processes of the mesh: away, unable, unconfined, with a wrong clock, or asked by too many."""

import os
import signal
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

import httpx

from infra.stack import mesh_processes, stack, users
from infra.stack.process import PidFile
from tests.alarms.cause import Cause
from tests.chaos import own_clock
from tests.chaos.ground import Ground

_STREAMS, _ADDRESSES = 410, 10
_NO_LIMITS = httpx.Limits(max_connections=None)
_WRONG_S = 60


@contextmanager
def gone(ground: Ground, name: str) -> Iterator[None]:
    """Have a process away: it is killed while its supervisor is held, as if that could not start it again."""
    held = PidFile(ground.layout.run / "supervisor.pid").read()
    assert held is not None, "the supervisor does not run"
    os.kill(held.pid, signal.SIGSTOP)
    try:
        ground.signal(name, signal.SIGKILL)
        yield
    finally:
        os.kill(held.pid, signal.SIGCONT)
    ground.until_ready()


@contextmanager
def jemx_gone(ground: Ground) -> Iterator[None]:
    """Have a service away."""
    with gone(ground, "jemx"):
        yield


@contextmanager
def engine_gone(ground: Ground) -> Iterator[None]:
    """Have the container engine away for the instrument services: the gate before it is killed.

    The engine itself goes on: other stacks of the machine use it.
    """
    if not users.separate():
        msg = "services have the engine itself, without a gate: only root gives each a user of its own"
        raise LookupError(msg)
    with gone(ground, mesh_processes.GATE):
        yield


@contextmanager
def unconfined(ground: Ground) -> Iterator[None]:
    """Run units as processes of the machine."""
    mesh_processes.up("local")
    try:
        yield
    finally:
        mesh_processes.up(stack.runner_in_use())
    ground.until_ready()


@contextmanager
def wrong_clock(ground: Ground) -> Iterator[None]:
    """Set the clock of all processes a minute ahead."""
    mesh_processes.up(stack.runner_in_use(), own_clock.environment(ground.layout))
    ground.until_ready()
    own_clock.move_clock(ground, _WRONG_S)
    try:
        yield
    finally:
        own_clock.move_clock(ground, 0)
        mesh_processes.up(stack.runner_in_use())
    ground.until_ready()


@contextmanager
def many_streams(ground: Ground) -> Iterator[None]:
    """Follow one job from more than four hundred places, at ten addresses: one caller alone may have fifty."""
    job = ground.submit(1, seconds=600)
    url = f"http://127.0.0.1:{mesh_processes.ports()['gateway']}/api/v1/jobs/{job.id}/events"
    with ExitStack() as after:
        after.callback(job.cancel)
        for number in range(_ADDRESSES):
            transport = httpx.HTTPTransport(local_address=f"127.0.0.{number + 2}", limits=_NO_LIMITS)
            client = after.enter_context(httpx.Client(transport=transport, timeout=30))
            for _ in range(_STREAMS // _ADDRESSES):
                after.enter_context(client.stream("GET", url)).raise_for_status()
        yield


CAUSES = (
    Cause("ProcessDown", "a service killed, its supervisor held", jemx_gone, 120),
    Cause("NotReady", "no container engine behind its gate", engine_gone, 250),
    Cause("UnconfinedUnits", "the mesh with the runner `local`", unconfined, 75),
    Cause("ClockOff", "the clock of all processes a minute ahead", wrong_clock, 90),
    Cause("ManyStreamsOpen", f"{_STREAMS} streams of events", many_streams, 400),
)
