"""Nameko's service container, with the log context of each handler bound before it runs."""

from typing import Any

import structlog
from nameko.containers import ServiceContainer

from mesh.broker.delivery import CARRIED_HEADERS, Delivery

MAX_HANDLERS = 2000
"""The prefetch of each consumer is the limit; nameko's own pool must never be one."""


class Container(ServiceContainer):
    """Runs one service class."""

    def _run_worker(self, worker_ctx: Any, handle_result: Any) -> None:
        # A fresh greenlet starts with empty context variables.
        structlog.contextvars.bind_contextvars(**_log_context(worker_ctx))
        super()._run_worker(worker_ctx, handle_result)


def _log_context(worker_ctx: Any) -> dict[str, str]:
    bound = {"handler": str(worker_ctx.entrypoint.method_name)}
    for argument in worker_ctx.args:
        if isinstance(argument, Delivery):
            named = {"message_id": argument.message_id, "run_id": argument.correlation_id}
            named |= {name: argument.headers.get(header, "") for name, header in CARRIED_HEADERS.items()}
            bound |= {name: str(value) for name, value in named.items() if value}
    return bound
