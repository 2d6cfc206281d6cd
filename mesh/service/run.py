"""Runs one service class as a process: start, serve, drain on SIGTERM or SIGINT, exit status.

Import this before anything else in ``__main__``: it makes the process green.
"""

# isort: off
from mesh.service import green  # noqa: F401  makes the process green; must come first

# isort: on
import os
import signal
import sys
from typing import Any, NoReturn

import eventlet
import structlog
from eventlet.event import Event
from nameko import config

from mesh import tracing
from mesh.instruments import log_faults
from mesh.logging import configure_logging
from mesh.service.container import MAX_HANDLERS, Container
from mesh.service.context import Context, open_context
from mesh.service.health import HealthServer, Readiness
from mesh.settings import Settings, SettingsError

_log = structlog.get_logger(__name__)

EXIT_USAGE = 2


def run(service_class: type, account: str, health_port: int) -> NoReturn:
    """Serve until told to stop, then exit the process.

    Exit status 0 after a drain, 1 when the service died, 2 when it cannot start as it is set up.

    Args:
        service_class: a nameko service class.
        account: its name in the credentials file.
        health_port: where health and metrics answer, unless ``ODAMESH_HEALTH_PORT`` says otherwise.
    """
    try:
        settings = Settings()
        context = open_context(account, settings)
    except (SettingsError, ValueError) as error:
        cannot_start(account, str(error))
    configure_logging(settings.log_level, account, context.worker)
    tracing.start(settings.traces, settings.traces_share, account, context.worker)
    log_faults()
    port = settings.health_port or health_port
    try:
        HealthServer(Readiness(context.session), settings.health_host, port).start()
    except OSError as error:
        variable = f"ODAMESH_HEALTH_PORT (ODAMESH_{account.upper()}_PORT where `odamesh mesh up` starts it)"
        cannot_start(account, f"health port {settings.health_host}:{port}: {error}; set {variable}")
    sys.exit(_serve(service_class, context))


def _serve(service_class: type, context: Context) -> int:
    config["max_workers"] = MAX_HANDLERS
    container = Container(service_class)
    started = Event()
    eventlet.spawn_n(_drain_when_told, container, context, _wake_on_signals(), started)
    try:
        container.start()
        started.send()
        _log.info("started", worker=context.worker)
        container.wait()
    except SettingsError as error:
        cannot_start(context.account, str(error))
    except Exception:
        if context.session.draining and not started.ready():
            _log.info("stopped before it had started", waited_for=context.session.waits_for)
            return 0
        _log.critical("service died", exc_info=True)
        return 1
    context.publisher.close()
    tracing.stop()
    _log.info("stopped", worker=context.worker)
    return 0


def _wake_on_signals() -> int:
    """Return a file descriptor that becomes readable at SIGTERM or SIGINT.

    A signal handler cannot use green primitives, and does not wake the event loop by itself; a pipe does both.
    """
    readable, writable = os.pipe()
    os.set_blocking(writable, False)
    signal.set_wakeup_fd(writable)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda _number, _frame: None)
    return readable


def _drain_when_told(container: Any, context: Context, told: int, started: Event) -> None:
    eventlet.hubs.trampoline(told, read=True)
    context.session.draining = True
    patience = context.settings.drain_seconds
    _log.info("draining", seconds=patience)
    with eventlet.Timeout(patience, False):
        started.wait()
        container.stop()
        return
    _log.warning("handlers still run; others take their work over")
    container.kill()


def cannot_start(account: str, reason: str) -> NoReturn:
    """End a process that cannot start as it is set up."""
    sys.stderr.write(f"{account}: {reason}\n")
    sys.exit(EXIT_USAGE)
