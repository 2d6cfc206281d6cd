"""Logs as JSON lines on standard output, with what identifies the request, its trace, run and unit on every line."""

import logging
import sys

import structlog

from mesh import tracing


def _name_trace(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
    event.update(tracing.ids())
    return event


_SHARED: list[structlog.typing.Processor] = [
    structlog.contextvars.merge_contextvars,
    _name_trace,
    structlog.stdlib.add_log_level,
    structlog.stdlib.add_logger_name,
    structlog.processors.TimeStamper(fmt="iso", utc=True, key="at"),
    structlog.processors.format_exc_info,
]

_QUIET = {
    # Logs each failed handler with a traceback; the consumer writes one line that says more.
    "nameko": logging.ERROR,
    "amqp": logging.ERROR,
    "urllib3": logging.ERROR,
    "docker": logging.WARNING,
    # Logs every request with its address.
    "httpx": logging.WARNING,
    "httpcore": logging.WARNING,
}


def configure_logging(level: str, service: str, instance: str = "") -> None:
    """Send structlog and the standard library's logging to standard output as JSON.

    Args:
        level: debug, info, warning or error.
        service: on every line.
        instance: name of this process, on every line.
    """

    def name_service(_logger: object, _method: str, event: structlog.typing.EventDict) -> structlog.typing.EventDict:
        event["service"] = service
        if instance:
            event["instance"] = instance
        return event

    shared = [name_service, *_SHARED]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[
                structlog.stdlib.ProcessorFormatter.remove_processors_meta,
                structlog.processors.JSONRenderer(sort_keys=True, default=str),
            ],
        )
    )
    root = logging.getLogger()
    root.handlers[:] = [handler]
    root.setLevel(level.upper())
    for name, quiet in _QUIET.items():
        logging.getLogger(name).setLevel(quiet)
