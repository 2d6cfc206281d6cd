"""A second process of one of the mesh's services beside the first, kept running by the same supervisor."""

import os
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace

import httpx

from infra.stack import supervisor
from infra.stack.process import PidFile
from tests.chaos.ground import Ground

_READY_S = 90.0


@contextmanager
def second(ground: Ground, name: str) -> Iterator[str]:
    """Run another process of a service for the duration of the block, and give the name that it goes by."""
    plan = supervisor.read_plan(ground.layout)
    first = next(program for program in plan if program.name == name)
    port = _free_port()
    environment = {**first.environment, "ODAMESH_HEALTH_PORT": str(port)}
    other = replace(first, name=f"{name}-2", environment=environment, health=f"http://127.0.0.1:{port}/livez")
    _take_up(ground, [*plan, other])
    try:
        ground.until(lambda: _ready(port), f"a second {name} that is ready", _READY_S)
        yield other.name
    finally:
        # Told to end, it drains: whatever it runs ends well or is taken over.
        _take_up(ground, plan)


def _take_up(ground: Ground, plan: list[supervisor.Program]) -> None:
    supervisor.write_plan(ground.layout, plan)
    record = PidFile(ground.layout.run / "supervisor.pid").read()
    assert record is not None, "the mesh has no supervisor"
    os.kill(record.pid, supervisor.RECONCILE)
    ground.until(lambda: supervisor.plan_taken_up(ground.layout), "a supervisor that has taken the plan up", _READY_S)


def _ready(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/readyz", trust_env=False).is_success
    except httpx.TransportError:
        return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port
