"""The mesh's own processes: which there are, on which port each tells its health, and their start and end."""

import http.client
import json
import os
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256
from pathlib import Path

from prometheus_client.parser import text_string_to_metric_families
from pydantic import ValidationError

import mesh.ports
from gateway.auth import front
from gateway.auth.access_file import AccessFile
from gateway.settings import GatewaySettings
from infra.stack import access, bytecode, kafka_file, process, set_up_lock, supervisor, users
from infra.stack.endpoints import LOOPBACK, is_free, port_of, port_shift
from infra.stack.layout import CHECKOUT, Layout
from infra.stack.problem import SetupProblem
from infra.stack.process import PidFile
from infra.stack.supervisor import Program
from mesh.accounts.accounts import Accounts
from mesh.errors import MeshError
from mesh.instruments import instrument_faults, instrument_folders
from mesh.kit.removal import empty
from mesh.service.turn import TURN_FILE
from mesh.store.objects import Objects

GATE = "engine-gate"
_READY_WITHIN_S = 60.0
_IN_CONTAINERS = ("warm", "docker")
_SECRET = {"ODAMESH_AMQP_URL", "ODAMESH_REDIS_URL", "ODAMESH_S3_ACCESS_KEY", "ODAMESH_S3_SECRET_KEY"}
"""Variables for the set-up: a process finds its own account in its credentials."""
_SETTINGS = ("ODAMESH_", "AWS_")
"""How variables begin that decide how processes behave; the second kind says where an archive in a bucket is."""
_SOURCES = ("mesh", "services", "gateway")


@dataclass(frozen=True)
class MeshState:
    """One row of `odamesh mesh status`."""

    name: str
    up: bool
    ready: bool
    address: str
    pid: int | None
    restarts: int
    reason: str = ""
    """Why it is not ready, in its own words."""
    runner: str = ""
    """How it runs units, in its own words; empty for a process that runs none."""


def ports() -> dict[str, int]:
    """Process -> port of /livez, /readyz and /metrics of this stack; ODAMESH_<NAME>_PORT changes one."""
    shift = port_shift()
    return {name: port_of(port_variable(name), os.environ, port + shift) for name, port in mesh.ports.ports().items()}


def port_variable(name: str) -> str:
    """Return the variable that moves the port of a process."""
    return f"ODAMESH_{name.upper()}_PORT"


def programs(environment: Mapping[str, str] | None = None) -> list[Program]:
    """List the processes of this checkout; instruments whose folder has a mistake are left out.

    Args:
        environment: Variables that all of them get beside the caller's.
    """
    found = []
    for name, port in ports().items():
        if name in instrument_faults():
            continue
        own = {"ODAMESH_GATEWAY_PORT" if name == "gateway" else "ODAMESH_HEALTH_PORT": str(port)}
        health = f"http://{LOOPBACK}:{port}/livez"
        command = (sys.executable, "-m", *_module(name))
        found.append(Program(name, command, {**(environment or {}), **own}, health=health))
    return found


def up(runner: str, further: Mapping[str, str] | None = None) -> list[str]:
    """Start the supervisor with what should run and wait until every process is ready; returns their names.

    Args:
        runner: How units run (settings variable ODAMESH_RUNNER).
        further: Variables that the processes get as their own user; neither their supervisor nor what makes them that
            user has them (the loader's would act on both).
    """
    layout = Layout.from_environment()
    if set_up_lock.is_held(layout):
        raise SetupProblem("`odamesh stack up` has not ended yet: run this when it has")
    if not layout.credentials.exists():
        message = f"{layout.credentials} does not exist: run `odamesh stack up` first, to its end"
        raise SetupProblem(message)
    layout.make()
    access.publish(layout)
    kafka_file.publish(layout)
    require_accounts()
    # All that decides how they behave is in the plan: where it changed, a process is started again.
    environment = {
        name: value for name, value in os.environ.items() if name.startswith(_SETTINGS) and name not in _SECRET
    }
    environment |= {"ODAMESH_HOME": str(layout.home), "ODAMESH_RUNNER": runner}
    wanted = _own_users(layout, programs(environment), further or {})
    _require_free_ports(layout, wanted)
    gate = [_gate(layout, environment)] if users.separate() and runner in _IN_CONTAINERS else []
    supervisor.write_plan(layout, [*gate, *wanted])
    pid_file = _supervisor(layout)
    if record := pid_file.read():
        os.kill(record.pid, supervisor.RECONCILE)
    else:
        command = (sys.executable, "-m", "infra.stack.supervisor")
        log = layout.log / "supervisor.log"
        # What decides how processes behave is in the plan alone: a variable that is set no more must not live on in it.
        inherited = {name: value for name, value in os.environ.items() if not name.startswith(_SETTINGS)}
        own = {"ODAMESH_HOME": str(layout.home), "ODAMESH_CACHE": str(layout.cache)}
        started = process.start(command, log=log, environment=inherited | own, directory=CHECKOUT)
        if record := process.ProcessRecord.of(started.pid):
            pid_file.write(record)
    _wait_ready(layout, wanted)
    return [program.name for program in wanted]


def require_accounts() -> None:
    """Refuse to start a gateway that others could reach and that knows nobody; SetupProblem says how to set it up."""
    try:
        settings = GatewaySettings()
        if settings.asks_callers:
            connections = settings.mesh.connections("admin")
            known = AccessFile(settings.access_file).now()
            front.require_accounts(settings, known, Accounts(Objects(connections.store)))
    except (MeshError, ValidationError) as error:
        raise SetupProblem(str(error)) from error


def outdated() -> list[str]:
    """Name the processes that run, and were started with other code, images or accounts than are here now."""
    layout = Layout.from_environment()
    try:
        plan = supervisor.read_plan(layout)
    except FileNotFoundError:
        return []
    here = _source(layout)
    return [
        program.name
        for program in plan
        if program.source != here and supervisor.pid_file(layout, program.name).read() is not None
    ]


def _own_users(layout: Layout, found: Sequence[Program], further: Mapping[str, str]) -> list[Program]:
    """Return the programs as they run: each as its own user, with its own credentials and directory."""
    source = _source(layout)
    needs = [CHECKOUT, Path(sys.prefix), Path(sys.base_prefix), layout.home, *_archive()]
    if users.separate():
        bytecode.compile_all()
        users.make(program.name for program in found)
        users.require_reachable(found[0].name, needs)
    share(layout, [program.name for program in found])
    wanted = []
    for program in found:
        own = os.environ.get("ODAMESH_CREDENTIALS") or str(layout.service_credentials / f"{program.name}.toml")
        if not Path(own).exists():
            raise SetupProblem(f"{own} does not exist: run `odamesh stack up`, which makes the accounts")
        environment = {"ODAMESH_CREDENTIALS": own, **program.environment}
        words = [*_with(further), *program.command]
        command = tuple(users.command(program.name, words, needs))
        wanted.append(replace(program, command=command, environment=environment, source=source))
    return wanted


def _with(further: Mapping[str, str]) -> list[str]:
    """Return the words before a command that give it variables."""
    return ["env", *(f"{name}={value}" for name, value in further.items())] if further else []


def share(layout: Layout, names: Sequence[str]) -> None:
    """Give each instrument service its work directory, and all of them the file by which they take turns."""
    for name in names:
        if name not in instrument_folders():
            continue
        user, directory = users.of(name), layout.work / name
        if directory.exists() and directory.stat().st_uid != user.uid:
            empty(directory)  # of another user, who ran it before
        directory.mkdir(exist_ok=True)
        directory.chmod(0o700)
        os.chown(directory, user.uid, user.gid)
    turn = layout.work / TURN_FILE
    turn.touch()
    if users.separate():
        os.chown(turn, 0, users.of(names[0]).gid)
        turn.chmod(0o660)


def _archive() -> list[Path]:
    """Return the directory of the archive, where it is one."""
    archive = os.environ.get("ODAMESH_ARCHIVE", "")
    return [Path(archive).absolute()] if archive and "://" not in archive and Path(archive).is_dir() else []


def _gate(layout: Layout, environment: Mapping[str, str]) -> Program:
    """Return what stands between the instrument services and the engine; it may use the engine, they may not."""
    command = (sys.executable, "-m", "infra.engine_gate")
    return Program(GATE, command, dict(environment), source=_source(layout))


def _require_free_ports(layout: Layout, wanted: Sequence[Program]) -> None:
    """Refuse to start where somebody else has a port; SetupProblem names the variable that moves it."""
    for program in wanted:
        port = ports()[program.name]
        if supervisor.pid_file(layout, program.name).read() is None and not is_free(port):
            variable = port_variable(program.name)
            message = f"port {port} for {program.name} is taken by another process: set {variable} to a free port"
            raise SetupProblem(message)


def down() -> list[str]:
    """Stop the mesh's processes; returns the names of those that ran."""
    layout = Layout.from_environment()
    running = [one.name for one in status() if one.up]
    pid_file = _supervisor(layout)
    if record := pid_file.read():
        process.stop(record, grace_s=supervisor.GRACE_S + 10.0)
    pid_file.remove()
    supervisor.stop_left_over(layout)  # of a supervisor that was killed
    return running


def status() -> list[MeshState]:
    """Every process of this checkout: whether it runs, whether it is ready, how often it was restarted."""
    layout = Layout.from_environment()
    rows = []
    for program in programs():
        record = supervisor.pid_file(layout, program.name).read()
        address = f"http://{LOOPBACK}:{ports()[program.name]}"
        reasons = readiness(address)
        rows.append(
            MeshState(
                program.name,
                record is not None,
                reasons == [],
                address,
                record.pid if record else None,
                supervisor.restarts(layout, program.name),
                reason="; ".join(reasons or ()),
                runner=_runner(address) if reasons is not None else "",
            )
        )
    return rows


def _module(name: str) -> tuple[str, ...]:
    """Return the module that runs a process, and its arguments."""
    if name in instrument_folders():
        return "mesh.service.instrument", name
    return ("gateway" if name == "gateway" else f"services.{name}",)


def _source(layout: Layout) -> str:
    """Fingerprint of the code, the images and the accounts that the processes run with."""
    files = [path for name in _SOURCES for path in (CHECKOUT / name).rglob("*.*") if path.suffix != ".pyc"]
    files += [path for path in (layout.images, layout.credentials, CHECKOUT / "infra" / "engine_gate") if path.exists()]
    stamps = sorted((str(path), path.stat().st_mtime_ns) for path in files if path.is_file())
    return sha256(repr(stamps).encode()).hexdigest()


def _wait_ready(layout: Layout, wanted: Sequence[Program]) -> None:
    # Until it has taken the plan up, processes of the last plan would answer for those of this one; they may drain.
    taken_by = time.monotonic() + supervisor.GRACE_S + _READY_WITHIN_S
    while not supervisor.plan_taken_up(layout) and time.monotonic() < taken_by:
        time.sleep(0.05)
    deadline = time.monotonic() + _READY_WITHIN_S
    late = {program.name: f"http://{LOOPBACK}:{ports()[program.name]}" for program in wanted}
    while late:
        late = {name: address for name, address in late.items() if not _ours_ready(layout, name, address)}
        if late and time.monotonic() > deadline:
            name, address = next(iter(late.items()))
            told = "; ".join(readiness(address) or ()) or _last_words(layout, name)
            message = f"{', '.join(late)} not ready after {_READY_WITHIN_S:.0f} s; {name} says: {told}"
            raise SetupProblem(message)
        time.sleep(0.1)


def _last_words(layout: Layout, name: str) -> str:
    """Return the end of the log of a process that does not answer."""
    log = layout.log / f"{name}.log"
    lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
    return f"{lines[-1][:300] if lines else 'nothing'} ({log})"


def _ours_ready(layout: Layout, name: str, address: str) -> bool:
    """Whether the process that we started answers, and not another on its port."""
    return supervisor.pid_file(layout, name).read() is not None and readiness(address) == []


def readiness(address: str) -> list[str] | None:
    """Why a process is not ready, in its own words; empty when it is, None when it does not answer."""
    try:
        with _opener().open(f"{address}/readyz", timeout=3):
            return []
    except urllib.error.HTTPError as error:
        with error:
            return _reasons(error.read())
    except (OSError, http.client.HTTPException):
        return None


def _reasons(page: bytes) -> list[str]:
    try:
        told = json.loads(page)["reasons"]
    except (ValueError, KeyError, TypeError):
        told = []
    return [str(one) for one in told] or ["not ready"]


def _runner(address: str) -> str:
    """Return what the process itself says of how it runs units."""
    try:
        with _opener().open(f"{address}/metrics", timeout=3) as response:
            text = response.read().decode()
    except (OSError, http.client.HTTPException):
        return ""
    families = text_string_to_metric_families(text)
    samples = [sample for family in families if family.name == "odamesh_runner" for sample in family.samples]
    return ", ".join(sorted({sample.labels["runner"] for sample in samples}))


def _opener() -> urllib.request.OpenerDirector:
    """Ask without a proxy: it has no business between us and processes on loopback."""
    return urllib.request.build_opener(urllib.request.ProxyHandler({}))


def supervised() -> bool:
    """Whether the supervisor is there, which starts again what ends."""
    return _supervisor(Layout.from_environment()).read() is not None


def _supervisor(layout: Layout) -> PidFile:
    return PidFile(layout.run / "supervisor.pid")
