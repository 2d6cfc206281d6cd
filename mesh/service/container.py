"""Nameko's service container, with the log context of each handler bound before it runs."""

import time
from typing import Any

import structlog
from nameko.containers import ServiceContainer

from mesh import tracing
from mesh.broker.consumer import Consume
from mesh.broker.delivery import CARRIED_HEADERS, Delivery

_log = structlog.get_logger(__name__)

COMPLAIN_SECONDS = 10.0
MAX_HANDLERS = 2000
"""The prefetch of each consumer is the limit; nameko's own pool must never be one."""


class Container(ServiceContainer):
    """Runs one service class.

    Args:
        service_class: a nameko service class.
    """

    def __init__(self, service_class: type) -> None:
        super().__init__(service_class)
        self._complained: dict[str, float] = {}

    def _run_worker(self, worker_ctx: Any, handle_result: Any) -> None:
        # A fresh greenlet starts with empty context variables.
        structlog.contextvars.bind_contextvars(**_log_context(worker_ctx))
        delivery = next((argument for argument in worker_ctx.args if isinstance(argument, Delivery)), None)
        if delivery is None:
            super()._run_worker(worker_ctx, handle_result)
            return
        about = {"messaging.message.id": delivery.message_id, "messaging.destination.name": delivery.routing_key}
        name = f"handle {worker_ctx.entrypoint.method_name}"
        with tracing.message(delivery.headers, name, **about, **{"odamesh.attempt": delivery.attempt}):
            super()._run_worker(worker_ctx, handle_result)

    def _worker_result(self, worker_ctx: Any, result: Any, exc_info: Any) -> None:
        if exc_info is not None and not isinstance(worker_ctx.entrypoint, Consume):
            self._complain(str(worker_ctx.entrypoint.method_name), exc_info[1])
        super()._worker_result(worker_ctx, result, exc_info)

    def _complain(self, handler: str, error: BaseException) -> None:
        """Log that a timer failed; one that runs ten times a second says so every ten seconds."""
        now = time.monotonic()
        if now - self._complained.get(handler, -COMPLAIN_SECONDS) >= COMPLAIN_SECONDS:
            self._complained[handler] = now
            _log.warning("timer failed", error=str(error))


def _log_context(worker_ctx: Any) -> dict[str, str]:
    bound = {"handler": str(worker_ctx.entrypoint.method_name)}
    for argument in worker_ctx.args:
        if isinstance(argument, Delivery):
            named = {"message_id": argument.message_id, "run_id": argument.correlation_id}
            named |= {name: argument.headers.get(header, "") for name, header in CARRIED_HEADERS.items()}
            bound |= {name: str(value) for name, value in named.items() if value}
    return bound
