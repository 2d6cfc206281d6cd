"""Brings the mesh into the setting that a drill needs, and back."""

import os
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager

import odamesh
from infra.stack import mesh_processes
from infra.stack.credentials import write_private
from infra.stack.layout import Layout
from infra.stack.stack import Stack
from tests.chaos import own_clock
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
                after.enter_context(_mesh(ODAMESH_RUNNER="docker"))
            case Setting.OWN_ENGINE:
                _require_own_engine()
                after.enter_context(_mesh())
            case Setting.SHORT_TIMEOUT:
                after.enter_context(_broker_configured(_SHORT_TIMEOUT))
                after.enter_context(_mesh())
            case Setting.OWN_CLOCK:
                environment = own_clock.environment(layout)
                # The supervisor hands its own environment on: it must be a new one, before and after.
                _command("down")
                after.callback(_command, "down")
                after.enter_context(_mesh(**environment))
            case Setting.PLAIN:
                after.enter_context(_mesh())
        url = f"http://127.0.0.1:{mesh_processes.ports()['gateway']}"
        ground = Ground(after.enter_context(odamesh.connect(url)))
        ground.until_ready()
        yield ground


@contextmanager
def _mesh(**environment: str) -> Iterator[None]:
    """Have the mesh up; it is left up, for the next setting to change what differs."""
    _command("up", environment)
    yield


def _command(word: str, environment: Mapping[str, str] | None = None) -> None:
    subprocess.run(
        [sys.executable, "-m", "odamesh", "mesh", word],
        check=True,
        env={**os.environ, **(environment or {})},
        stdout=sys.stderr,
    )


def _require_own_engine() -> None:
    started = Stack.of(Layout.from_environment()).engine.pid_file.read()
    if not os.environ.get("ODAMESH_ENGINE_HOME") or started is None:
        msg = "drills on the engine need one that this stack started for itself: set ODAMESH_ENGINE_HOME"
        raise LookupError(msg)


@contextmanager
def _broker_configured(text: str) -> Iterator[None]:
    """Have the broker run with further settings for the duration of the block."""
    server = Stack.of(Layout.from_environment()).rabbitmq
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
