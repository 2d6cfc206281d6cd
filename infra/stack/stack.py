"""The whole stack: what `odamesh stack up`, `down` and `status` do."""

import os
import shutil
from dataclasses import dataclass

import docker
from rich.console import Console
from rich.markup import escape

from infra.stack import (
    access,
    base_image,
    credentials,
    engine,
    images,
    kafka_file,
    mesh_processes,
    packages,
    set_up_lock,
    users,
)
from infra.stack.alertmanager_server import AlertmanagerServer
from infra.stack.endpoints import Endpoints
from infra.stack.engine import Engine
from infra.stack.exporters import MachineExporter, ProbeExporter
from infra.stack.layout import Layout
from infra.stack.object_store import ObjectStore
from infra.stack.problem import SetupProblem
from infra.stack.prometheus_server import PrometheusServer
from infra.stack.rabbitmq_server import RabbitmqServer
from infra.stack.redis_server import RedisServer
from infra.stack.server import Server, Setting, State, make_system_account
from infra.stack.steps import Step, run_steps
from mesh.instruments import instrument_folders

_IN_CONTAINERS = ("warm", "docker")
_STANDARD, _LOCAL, _AUTO = "warm", "local", "auto"
_WITHOUT = "ODAMESH_RUNNER=auto or local runs units as processes of this machine, not confined"


@dataclass(frozen=True)
class Stack:
    """The servers of one stack."""

    setting: Setting
    rabbitmq: RabbitmqServer
    redis: RedisServer
    store: ObjectStore
    prometheus: PrometheusServer
    alertmanager: AlertmanagerServer
    machine: MachineExporter
    probes: ProbeExporter
    engine: Engine

    @classmethod
    def of(cls, layout: Layout) -> "Stack":
        """Return the stack that lives in `layout`, with the accounts of earlier set-ups."""
        setting = Setting(layout, Endpoints.from_environment(), credentials.load_or_generate(layout.accounts))
        return cls(
            setting,
            RabbitmqServer(setting),
            RedisServer(setting),
            ObjectStore(setting),
            PrometheusServer(setting),
            AlertmanagerServer(setting),
            MachineExporter(setting),
            ProbeExporter(setting),
            Engine(setting),
        )

    @property
    def servers(self) -> tuple[Server, ...]:
        """All of them, in the order in which they are shown."""
        watching = (self.prometheus, self.alertmanager, self.machine, self.probes)
        return (self.rabbitmq, self.redis, self.store, *watching, self.engine)

    def keep_accounts(self) -> None:
        """Write the accounts: passwords are on disk before a server learns them."""
        text = credentials.accounts_text(self.setting.credentials)
        credentials.write_private(self.setting.layout.accounts, text)

    def publish_credentials(self, runner: str) -> None:
        """Write what services read, at the end of a set-up: nobody starts on half of one.

        Each service has a file with its own account, for its user alone; the operator's has all of them. Of the engine
        a service sees its gate, if it has one, or nothing.

        Args:
            runner: how units run on this stack.
        """
        layout, endpoints = self.setting.layout, self.setting.endpoints
        engine_address = self.engine.address if runner in _IN_CONTAINERS else ""
        accounts = credentials.for_services(self.setting.credentials, endpoints)
        layout.service_credentials.mkdir(exist_ok=True)
        for service in mesh_processes.ports():
            if service not in accounts.accounts:
                continue  # its folder has a mistake
            address = engine_address if service in instrument_folders() else ""
            if address and users.separate():
                address = f"unix://{layout.gate(service)}"
            content = credentials.text(accounts.only(service), endpoints, docker_host=address, runner=runner)
            user = users.of(service)
            path = layout.service_credentials / f"{service}.toml"
            credentials.write_private(path, content, (user.uid, user.gid))
        access.publish(layout)
        kafka_file.publish(layout)
        content = credentials.text(accounts, endpoints, docker_host=engine_address, runner=runner)
        credentials.write_private(layout.credentials, content)


def up(console: Console) -> None:
    """Install, build and start what is missing; SetupProblem with one line where that cannot be done."""
    layout = Layout.from_environment()
    layout.make()
    with set_up_lock.held(layout):
        stack = Stack.of(layout)
        stack.keep_accounts()
        run_steps(_steps(stack), console)
        users.make(mesh_processes.ports())
        stack.publish_credentials(_runner_of(stack))


def down(*, purge: bool = False) -> list[str]:
    """Stop the servers that we started; with `purge` also remove their data. Returns the names of those stopped."""
    layout = Layout.from_environment()
    if not layout.home.exists():
        return []
    layout.make()
    with set_up_lock.held(layout):
        stack = Stack.of(layout)
        stopped = [server.name for server in reversed(stack.servers) if server.stop()]
        if purge:
            base_image.unmount_below(layout.home)
            # The engine's data are a cache that other stacks use as well.
            directories = [server.directory for server in stack.servers if server is not stack.engine]
            for path in (*directories, layout.service_credentials, layout.run, layout.log, layout.work):
                shutil.rmtree(path, ignore_errors=True)
            for path in (layout.accounts, layout.signing, layout.credentials, layout.images):
                path.unlink(missing_ok=True)
    return stopped


def status() -> list[State]:
    """Every server: whether it answers, where, who started it, its version."""
    layout = Layout.from_environment()
    credentials.read(layout.accounts)  # says what to do where nothing was set up
    return [server.state() for server in Stack.of(layout).servers]


def runner_in_use() -> str:
    """How units run here: as ODAMESH_RUNNER says, else as the set-up found; SetupProblem where there was none.

    An engine that does not answer now changes nothing: units wait for it.
    """
    named = os.environ.get("ODAMESH_RUNNER")
    if named and named != _AUTO:
        return named
    recorded: str = credentials.read(Layout.from_environment().credentials)["units"]["runner"]
    return recorded


def engine_answers() -> bool:
    """Whether an engine answers now where the stack expects one."""
    return Stack.of(Layout.from_environment()).engine.version() is not None


def build_images() -> images.Built:
    """Bring the analysis images up to date alone."""
    layout = Layout.from_environment()
    with set_up_lock.held(layout), engine.client(Stack.of(layout).engine.address) as client:
        built = images.ensure(client, layout)
        images.prune(client, layout, built.ids)
        return built


def _steps(stack: Stack) -> list[Step]:
    needed = [name for server in stack.servers for name in _packages_of(server)]
    steps = [
        Step("packages", lambda: _install(needed)),
        Step("redis", stack.redis.ensure, after=("packages",)),
        Step("rabbitmq", stack.rabbitmq.ensure, after=("packages",)),
        Step("prometheus", stack.prometheus.ensure, after=("packages",)),
        Step("alertmanager", stack.alertmanager.ensure, after=("packages",)),
        Step("exporters", lambda: _ensure_exporters(stack), after=("packages",)),
        Step("object store", lambda: _ensure_store(stack)),
    ]
    if _containers_wanted():
        steps += [
            Step("container engine", lambda: _ensure_engine(stack.engine), after=("packages",)),
            Step("base image", lambda: _ensure_base(stack), after=("packages",)),
            Step("analysis images", lambda: _ensure_images(stack), after=("container engine", "base image", "redis")),
        ]
    return steps


def runner_named() -> str:
    """How units are to run: as ODAMESH_RUNNER says, else in warm containers."""
    return os.environ.get("ODAMESH_RUNNER") or _STANDARD


def _containers_wanted() -> bool:
    return runner_named() != _LOCAL


def _runner_of(stack: Stack) -> str:
    """How units run on a stack that has just been set up."""
    if (named := runner_named()) != _AUTO:
        return named
    return _STANDARD if stack.engine.version() else _LOCAL


def _packages_of(server: Server) -> tuple[str, ...]:
    """Return the packages that a server needs; none if it is not ours to start or its programs are not wanted."""
    if server.named_by:
        return ()
    if isinstance(server, Engine):
        if not _containers_wanted() or server.version():
            return ()
        return server.packages if os.geteuid() == 0 else ()
    return server.packages


def _install(needed: list[str]) -> str:
    if _containers_wanted() and os.geteuid() == 0 and not os.environ.get("ODAMESH_BASE_IMAGE"):
        needed = [*needed, "debootstrap"]
    if os.environ.get("ODAMESH_DRILLS") == "1" and os.geteuid() == 0:
        needed = [*needed, "faketime", "stilts", "nginx-light"]
    outcome = packages.install(needed)
    make_system_account()
    return outcome


def _ensure_exporters(stack: Stack) -> str:
    return ", ".join(f"{server.name} {server.ensure()}" for server in (stack.machine, stack.probes))


def _ensure_store(stack: Stack) -> str:
    make_system_account()
    return stack.store.ensure()


def _ensure_engine(server: Engine) -> str:
    try:
        if server.version() is None and not server.named_by and not engine.possible():
            message = "no Docker engine answers, and one of our own needs root and the package docker.io"
            raise SetupProblem(message)
        return server.ensure()
    except SetupProblem as problem:
        if server.named_by:
            raise
        server.stop()
        return _without_engine(str(problem))


def _without_engine(why: str) -> str:
    """Go on without an engine where that was asked for."""
    if runner_named() != _AUTO:
        raise SetupProblem(f"{why}; {_WITHOUT}")
    return f"none ({why}); units will run in subprocesses, not confined (local runner)"


def _ensure_base(stack: Stack) -> str:
    """Make the archive while the engine starts; loading it is part of the images step."""
    if os.environ.get("ODAMESH_BASE_IMAGE"):
        return os.environ["ODAMESH_BASE_IMAGE"]
    if stack.engine.version() is None and not engine.possible():
        return "not needed without an engine"
    return base_image.make_archive(stack.setting.layout).name


def _ensure_images(stack: Stack) -> str:
    if stack.engine.version() is None:
        return "not needed without an engine"
    try:
        with engine.client(stack.engine.address) as client:
            built = images.ensure(client, stack.setting.layout)
            removed = images.prune(client, stack.setting.layout, built.ids)
    except docker.errors.APIError as error:
        message = f"the engine at {stack.engine.address} cannot take images: {error.explanation}"
        if not stack.engine.stop():  # not ours: its operator must know
            raise SetupProblem(message) from error
        return _without_engine(message)
    told = f"; {removed} outdated removed" if removed else ""
    without = "".join(f"\n  [red]no image of {name}[/red]: {escape(fault)}" for name, fault in built.faults.items())
    return ", ".join(sorted(built.ids)) + told + without
