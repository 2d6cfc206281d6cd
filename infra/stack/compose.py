"""Set-up inside the containers of `compose.yaml`: what must be there before the servers start, and after.

    python -m infra.stack.compose prepare      accounts, configuration and directories of the servers
    python -m infra.stack.compose finish       topology, accounts of the store, analysis images

Both can be repeated. Servers share the host's network and listen on loopback, on the ports of the stack that
`odamesh stack up` starts, so that everything else is the same.
"""

import sys

from rich.console import Console

from infra.stack import stack
from infra.stack.engine import Engine
from infra.stack.layout import Layout
from infra.stack.problem import SetupProblem
from infra.stack.server import make_system_account
from infra.stack.stack import Stack


def prepare() -> None:
    """Write accounts, configuration and directories, owned by the account that the servers run under."""
    layout = Layout.from_environment()
    layout.make()
    make_system_account()
    servers = Stack.of(layout)
    servers.publish_credentials()
    for server in servers.servers:
        if not isinstance(server, Engine):
            server.prepare()
    servers.store.own_directory("data")


def finish() -> None:
    """Bring the running servers to what the mesh needs, and build the analysis images."""
    servers = Stack.of(Layout.from_environment())
    for server in servers.servers:
        server.configure()
    servers.publish_credentials()
    for name, image_id in stack.build_images().items():
        Console().print(f"{name} {image_id}", soft_wrap=True)


if __name__ == "__main__":
    try:
        {"prepare": prepare, "finish": finish}[sys.argv[1]]()
    except SetupProblem as problem:
        sys.exit(f"odamesh: {problem}")
