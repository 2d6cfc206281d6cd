"""Runs the gateway: ``python -m gateway``."""

import gc
import logging
import sys

import uvicorn
from pydantic import ValidationError
from tenacity import Retrying, retry_if_exception_type, stop_after_delay, wait_fixed

from gateway.application import create_app
from gateway.assemble import real_parts
from gateway.auth.front import Front, require_accounts
from gateway.serving import server_config
from gateway.settings import GatewaySettings
from mesh import tracing
from mesh.errors import StoreUnavailable
from mesh.instruments import log_faults
from mesh.logging import configure_logging
from mesh.settings import SettingsError

_STORE_SECONDS = 60
_NOT_STARTED = 3
"""Exit status where the port is taken, say; the server has logged why."""


def main() -> int:
    """Serve until a signal ends it, and return the exit status."""
    try:
        settings = GatewaySettings()
        parts = real_parts(settings)
        if parts.front is not None:
            _require_accounts(settings, parts.front)
    except (SettingsError, StoreUnavailable, ValidationError) as error:
        sys.stderr.write(f"the gateway cannot start: {error}\n")
        return 2
    configure_logging(settings.mesh.log_level, "gateway", settings.instance)
    tracing.start(settings.mesh.traces, settings.mesh.traces_share, "gateway", settings.instance)
    log_faults()
    # pika tells every step of every connection; what matters is logged by the connection itself.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    app = create_app(parts)
    # All of this stays: a full collection, which holds up every answer, need not go through it again and again.
    gc.collect()
    gc.freeze()
    config = server_config(app, host=settings.host, port=settings.port, proxies=settings.proxies)
    server = uvicorn.Server(config)
    server.run()
    tracing.stop()
    return 0 if server.started else _NOT_STARTED


def _require_accounts(settings: GatewaySettings, front: Front) -> None:
    """Return if somebody could sign in; waits for a store that is not up yet."""
    for attempt in Retrying(
        retry=retry_if_exception_type(StoreUnavailable),
        wait=wait_fixed(1),
        stop=stop_after_delay(_STORE_SECONDS),
        reraise=True,
    ):
        with attempt:
            require_accounts(settings, front.access(), front.accounts)


if __name__ == "__main__":
    sys.exit(main())
