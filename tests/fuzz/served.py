"""An application behind the real HTTP server, in this process."""

import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import uvicorn
from fastapi import FastAPI

from gateway.serving import server_config

_START_SECONDS = 20.0


@contextmanager
def served(app: FastAPI, proxies: str = "") -> Iterator[int]:
    """Serve an application on loopback as the gateway's own process does, behind these proxies; give the port."""
    server = uvicorn.Server(server_config(app, host="127.0.0.1", port=0, proxies=proxies))
    # Signals belong to the process of the tests.
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    end = time.monotonic() + _START_SECONDS
    while not server.started:
        if time.monotonic() > end or not thread.is_alive():
            msg = "the server did not start"
            raise RuntimeError(msg)
        time.sleep(0.01)
    yield server.servers[0].sockets[0].getsockname()[1]
    server.should_exit = True
    thread.join(_START_SECONDS)
