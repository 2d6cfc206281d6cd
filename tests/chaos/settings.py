"""Brings the mesh into the setting that a drill needs, and back."""

import os
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import odamesh
from infra.stack import mesh_processes, stack
from infra.stack.credentials import write_private
from infra.stack.layout import Layout
from tests.chaos import own_clock, small_disk
from tests.chaos.drill import Setting
from tests.chaos.ground import Ground

_SHORT_TIMEOUT = "[{rabbit, [{consumer_timeout, 8000}, {channel_tick_interval, 2000}]}].\n"
"""Milliseconds; the second is how often the broker looks."""


@contextmanager
def ground_in(setting: Setting) -> Iterator[Ground]:
    """Run the mesh in a setting for the duration of the block.

    Raises:
        LookupError: this machine lacks something that the setting needs; says what.
    """
    layout = Layout.from_environment()
    with ExitStack() as after:
        match setting:
            case Setting.COLD:
                _mesh_up(runner="docker")
            case Setting.LOCAL:
                _mesh_up(runner="local")
            case Setting.OWN_ENGINE:
                _require_own_engine()
                _mesh_up()
            case Setting.SMALL_DISK:
                after.enter_context(small_disk.mounted())
                _mesh_up()
            case Setting.SHORT_TIMEOUT:
                after.enter_context(broker_configured(_SHORT_TIMEOUT))
                _mesh_up()
            case Setting.OWN_CLOCK:
                _mesh_up(own_clock.environment(layout))
            case Setting.PLAIN:
                _mesh_up()
        url = f"http://127.0.0.1:{mesh_processes.ports()['gateway']}"
        ground = Ground(after.enter_context(odamesh.connect(url)))
        ground.until_ready()
        yield ground


def _mesh_up(further: Mapping[str, str] | None = None, *, runner: str = "") -> None:
    """Have the mesh up; it is left so, for the next setting to change what differs."""
    mesh_processes.up(runner or stack.runner_in_use(), further)


def _require_own_engine() -> None:
    started = stack.Stack.of(Layout.from_environment()).engine.pid_file.read()
    if not os.environ.get("ODAMESH_ENGINE_HOME") or started is None:
        msg = "drills on the engine need one that this stack started for itself: set ODAMESH_ENGINE_HOME"
        raise LookupError(msg)


@contextmanager
def broker_configured(text: str) -> Iterator[None]:
    """Have the broker run with further settings for the duration of the block."""
    server = stack.Stack.of(Layout.from_environment()).rabbitmq
    file = server.directory / "advanced.config"
    try:
        write_private(file, text, server.owner())
        server.stop()
        server.ensure()
        yield
    finally:
        file.unlink(missing_ok=True)
        server.stop()
        server.ensure()
