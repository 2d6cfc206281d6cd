"""Causes that are processes of the mesh: away, unable, unconfined, with a wrong clock, or asked by too many."""

import os
import signal
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress

import httpx

from infra.stack import mesh_processes, stack, users
from infra.stack.problem import SetupProblem
from infra.stack.process import PidFile
from tests.alarms.cause import Cause, Part, Raised
from tests.alarms.jobs import open_job
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
    try:
        _have_mesh(ground, "local")
        yield
    finally:
        _have_mesh(ground, stack.runner_in_use())


@contextmanager
def wrong_clock(ground: Ground) -> Iterator[None]:
    """Set the clock of all processes a minute ahead."""
    environment = own_clock.environment(ground.layout)
    try:
        _have_mesh(ground, stack.runner_in_use(), environment)
        own_clock.move_clock(ground, _WRONG_S)
        yield
    finally:
        own_clock.move_clock(ground, 0)
        _have_mesh(ground, stack.runner_in_use())


def _have_mesh(ground: Ground, runner: str, further: Mapping[str, str] | None = None) -> None:
    """Start the mesh in another way; on a busy machine it takes longer than an operator would be told to wait."""
    with suppress(SetupProblem):
        mesh_processes.up(runner, further)
    ground.until_ready()


@contextmanager
def many_streams(ground: Ground) -> Iterator[None]:
    """Follow one job from more than four hundred places, at ten addresses: one caller alone may have fifty."""
    with open_job(ground) as job, ExitStack() as after:
        url = f"http://127.0.0.1:{mesh_processes.ports()['gateway']}/api/v1/jobs/{job.id}/events"
        for number in range(_ADDRESSES):
            transport = httpx.HTTPTransport(local_address=f"127.0.0.{number + 2}", limits=_NO_LIMITS)
            client = after.enter_context(httpx.Client(transport=transport, timeout=30))
            for _ in range(_STREAMS // _ADDRESSES):
                after.enter_context(client.stream("GET", url)).raise_for_status()
        yield


WHOLE_MESH = (
    Cause(
        "the mesh with the runner `local`", unconfined, (Raised("UnconfinedUnits", 150),), takes=frozenset({Part.MESH})
    ),
    Cause(
        "the clock of all processes a minute ahead",
        wrong_clock,
        (Raised("ClockOff", 180),),
        takes=frozenset({Part.MESH}),
    ),
)
CAUSES = (
    Cause(
        "no container engine behind its gate",
        engine_gone,
        (Raised("NotReady", 250),),
        takes=frozenset({Part.SUPERVISOR, Part.SLOTS}),
    ),
)
STREAMS = Cause(f"{_STREAMS} streams of events", many_streams, (Raised("ManyStreamsOpen", 400),))
