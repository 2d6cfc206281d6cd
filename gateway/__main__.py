"""Runs the gateway: ``python -m gateway``."""

import logging
import sys

import uvicorn
from pydantic import ValidationError

from gateway.application import create_app
from gateway.assemble import real_parts
from gateway.settings import GatewaySettings
from mesh.instruments import log_faults
from mesh.logging import configure_logging
from mesh.settings import SettingsError

_GRACE_SECONDS = 5
"""Open answers may go on so long after SIGTERM; streams end at once and are taken up again elsewhere."""


def main() -> int:
    """Serve until a signal ends it."""
    try:
        settings = GatewaySettings()
        parts = real_parts(settings)
    except (SettingsError, ValidationError) as error:
        sys.stderr.write(f"the gateway cannot start: {error}\n")
        return 2
    configure_logging(settings.mesh.log_level, "gateway", settings.instance)
    log_faults()
    # pika tells every step of every connection; what matters is logged by the connection itself.
    logging.getLogger("pika").setLevel(logging.CRITICAL)
    uvicorn.run(
        create_app(parts),
        host=settings.host,
        port=settings.port,
        log_config=None,
        access_log=False,
        server_header=False,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
