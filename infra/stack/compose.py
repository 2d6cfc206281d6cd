"""Set-up inside the containers of `compose.yaml`: what must be there before the servers start, and after.

    python -m infra.stack.compose prepare      accounts, configuration and directories of the servers
    python -m infra.stack.compose finish       topology, accounts of the store, analysis images
    python -m infra.stack.compose users        makes the users of the services (while the image is built)
    python -m infra.stack.compose instruments  writes their services into `compose.yaml` (`make compose`)

All can be repeated. Servers share the host's network and listen on loopback, on the ports of the stack that
`odamesh stack up` starts, so that everything else is the same.
"""

import sys

from rich.console import Console

from infra.stack import mesh_processes, stack, users
from infra.stack.engine import Engine
from infra.stack.layout import CHECKOUT, Layout
from infra.stack.problem import SetupProblem
from infra.stack.server import make_system_account
from infra.stack.stack import Stack
from mesh.instruments import instrument_folders

FILE = CHECKOUT / "infra" / "compose.yaml"
_BEGIN = "  # of the instruments; `make compose` writes these lines\n"
_END = "\n  # to here\n"
_SERVICE = """\
  {name}:
    <<: *mesh
    command: [python, -m, mesh.service.instrument, {name}]
    user: {user}
    environment: {{<<: *mesh-environment, ODAMESH_CREDENTIALS: /var/lib/odamesh/credentials/{name}.toml}}
    volumes:
      - /var/lib/odamesh/credentials/{name}.toml:/var/lib/odamesh/credentials/{name}.toml:ro
      - *images
      - *archive
      - *work
      - *gates
"""


def prepare() -> None:
    """Write accounts, configuration and directories, owned by the account that the servers run under."""
    layout = Layout.from_environment()
    layout.make()
    make_system_account()
    servers = Stack.of(layout)
    servers.keep_accounts()
    for server in servers.servers:
        if not isinstance(server, Engine):
            server.prepare()
    servers.store.own_directory("data")


def finish() -> None:
    """Bring the running servers to what the mesh needs, and build the analysis images."""
    servers = Stack.of(Layout.from_environment())
    for server in servers.servers:
        server.configure()
    servers.publish_credentials(stack.runner_named())
    mesh_processes.share(servers.setting.layout, list(mesh_processes.ports()))
    built = stack.build_images()
    for name, image_id in built.ids.items():
        Console().print(f"{name} {image_id}", soft_wrap=True)
    for name, fault in built.faults.items():
        Console(stderr=True).print(f"no image of {name}: {fault}", soft_wrap=True, markup=False)


def make_users() -> None:
    """Make the users of the services: in the image, so that every container knows the same numbers."""
    users.make(mesh_processes.ports())


def instruments(text: str) -> str:
    """Return the text of `compose.yaml` with the services of the instruments that the project has now.

    The drill instrument is none of them.
    """
    before, begin, rest = text.partition(_BEGIN)
    _, end, after = rest.partition(_END)
    names = [name for name, folder in instrument_folders().items() if folder.parent == CHECKOUT / "services"]
    return (
        before + begin + "\n".join(_SERVICE.format(name=name, user=users.name_of(name)) for name in names) + end + after
    )


def write_instruments() -> None:
    """Bring `compose.yaml` to the instruments that the project has now."""
    FILE.write_text(instruments(FILE.read_text()))


if __name__ == "__main__":
    try:
        {"prepare": prepare, "finish": finish, "users": make_users, "instruments": write_instruments}[sys.argv[1]]()
    except SetupProblem as problem:
        sys.exit(f"odamesh: {problem}")
