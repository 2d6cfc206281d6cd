"""How the gateway is served: the HTTP server and what it allows, the same for the process and for its tests."""

import uvicorn
from fastapi import FastAPI

from gateway.bounded_http import BoundedHttp

_GRACE_SECONDS = 5
"""Open answers may go on so long after SIGTERM; streams end at once and are taken up again elsewhere."""


def server_config(app: FastAPI, *, host: str, port: int, proxies: str = "") -> uvicorn.Config:
    """Return how an application is served.

    Args:
        app: the application.
        host: address to listen on.
        port: to listen on; 0: any that is free.
        proxies: addresses, separated by commas, that are believed when they tell from where a call comes.
    """
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        http=BoundedHttp,
        # A request to become a WebSocket is answered like any other: there are none here.
        ws="none",
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=bool(proxies),
        forwarded_allow_ips=proxies,
        timeout_graceful_shutdown=_GRACE_SECONDS,
    )
