"""Opens the gates of all instrument services of this stack: ``python -m infra.engine_gate``, as one of its users."""

import asyncio
import os
import socket
import sys
from collections.abc import Mapping
from pathlib import Path

import httpx
import uvicorn

from infra.engine_gate.gate import Gates
from infra.engine_gate.rules import Client
from infra.stack import credentials, users
from infra.stack.layout import Layout
from infra.stack.problem import SetupProblem
from mesh.instruments import instrument_folders
from mesh.settings import Settings

# A log that is followed may be silent for as long as its unit runs.
_PATIENCE = httpx.Timeout(60.0, read=None)
_KEPT_S = 75
"""A connection without a question stays open so long: services ask every few seconds."""


def clients(layout: Layout) -> Mapping[Path, Client]:
    """Socket -> the instrument service that may connect to it."""
    work = Settings(home=layout.home).work
    found = {}
    for name in instrument_folders():
        try:
            user = users.of(name)
        except SetupProblem as problem:
            # One that was made since the last `stack up`: the others need their gates.
            print(f"odamesh: no gate for {name}: {problem}", file=sys.stderr)
            continue
        found[layout.gate(name)] = Client(name, user.uid, user.gid, work / name)
    return found


def engine_client(address: str) -> httpx.AsyncClient:
    """Client of the engine at an address; SetupProblem for one that the gate cannot ask."""
    kind, _, place = address.partition("://")
    if kind == "unix":
        transport = httpx.AsyncHTTPTransport(uds=place)
        return httpx.AsyncClient(transport=transport, base_url="http://engine", timeout=_PATIENCE, trust_env=False)
    if kind in ("tcp", "http"):
        return httpx.AsyncClient(base_url=f"http://{place}", timeout=_PATIENCE, trust_env=False)
    raise SetupProblem(f"no gate can stand before an engine at {address}: name one by unix:// or tcp://")


def server(gates: Mapping[Path, Client], engine: httpx.AsyncClient) -> uvicorn.Server:
    """Return the one server of all sockets; it knows by the socket who asks."""
    return uvicorn.Server(
        uvicorn.Config(
            Gates({str(path): client for path, client in gates.items()}, engine),
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            timeout_keep_alive=_KEPT_S,
        )
    )


async def serve(gates: Mapping[Path, Client], engine: httpx.AsyncClient) -> None:
    """Answer at every socket until SIGTERM or SIGINT."""
    async with engine:
        await server(gates, engine).serve([listen(path, client) for path, client in gates.items()])


def listen(path: Path, client: Client) -> socket.socket:
    """Return a socket to which one service may connect, and nobody else."""
    path.unlink(missing_ok=True)
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)
    try:
        listener.bind(str(path))
    finally:
        os.umask(before)
    if os.geteuid() == 0:
        os.chown(path, client.uid, client.gid)
    return listener


def main() -> int:
    """Serve; exit status 2 where the stack is not set up for it."""
    layout = Layout.from_environment()
    try:
        address = credentials.read(layout.credentials)["endpoints"]["docker_host"]
        layout.gates.mkdir(exist_ok=True)
        asyncio.run(serve(clients(layout), engine_client(address)))
    except SetupProblem as problem:
        print(f"odamesh: {problem}", file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
