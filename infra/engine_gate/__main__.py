"""Opens the gates of all instrument services of this stack: ``python -m infra.engine_gate``, as one of its users."""

import asyncio
import contextlib
import os
import signal
import socket
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import httpx
import uvicorn

from infra.engine_gate.gate import Gate
from infra.engine_gate.rules import Client
from infra.stack import credentials, users
from infra.stack.layout import Layout
from infra.stack.problem import SetupProblem
from mesh.instruments import instrument_folders
from mesh.settings import Settings

# A log that is followed may be silent for as long as its unit runs.
_PATIENCE = httpx.Timeout(60.0, read=None)


class _Server(uvicorn.Server):
    """One of several in this process, which ends them all."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


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


async def serve(gates: Mapping[Path, Client], engine: httpx.AsyncClient) -> None:
    """Answer at every socket until SIGTERM or SIGINT."""
    servers = []
    for path, client in gates.items():
        app = Gate(client, engine)
        config = uvicorn.Config(app, lifespan="off", log_config=None, access_log=False, server_header=False)
        servers.append((_Server(config), _listen(path, client)))
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, _end, [server for server, _ in servers])
    async with engine:
        await asyncio.gather(*(server.serve([listener]) for server, listener in servers))


def _end(servers: list[_Server]) -> None:
    for server in servers:
        server.should_exit = True


def _listen(path: Path, client: Client) -> socket.socket:
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
