"""The mesh's own processes: which there are, on which port each tells its health, and their start and end."""

import os
import sys
import time
import urllib.request
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from hashlib import sha256

import mesh.ports
from infra.stack import process, supervisor
from infra.stack.endpoints import LOOPBACK, port_of, port_shift
from infra.stack.layout import CHECKOUT, Layout
from infra.stack.problem import SetupProblem
from infra.stack.process import PidFile
from infra.stack.supervisor import Program
from mesh.instruments import instrument_faults, instrument_folders

_READY_WITHIN_S = 60.0
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


def ports() -> dict[str, int]:
    """Process -> port of /livez, /readyz and /metrics of this stack; ODAMESH_<NAME>_PORT changes one."""
    shift = port_shift()
    return {
        name: port_of(f"ODAMESH_{name.upper()}_PORT", os.environ, port + shift)
        for name, port in mesh.ports.ports().items()
    }


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
        found.append(Program(name, (sys.executable, "-m", *_module(name)), {**(environment or {}), **own}))
    return found


def up(runner: str, further: Mapping[str, str] | None = None) -> list[str]:
    """Start the supervisor with what should run and wait until every process is ready; returns their names.

    Args:
        runner: How units run (settings variable ODAMESH_RUNNER).
        further: Variables that the processes get and their supervisor does not.
    """
    layout = Layout.from_environment()
    if not layout.credentials.exists():
        message = f"{layout.credentials} does not exist: run `odamesh stack up` first"
        raise SetupProblem(message)
    layout.make()
    # All that decides how they behave is in the plan: where it changed, a process is started again.
    environment = {name: value for name, value in os.environ.items() if name.startswith(_SETTINGS)}
    environment |= {
        "ODAMESH_HOME": str(layout.home),
        "ODAMESH_CREDENTIALS": os.environ.get("ODAMESH_CREDENTIALS", str(layout.credentials)),
        "ODAMESH_RUNNER": runner,
    }
    wanted = [replace(program, source=_source(layout)) for program in programs({**environment, **(further or {})})]
    supervisor.write_plan(layout, wanted)
    pid_file = _supervisor(layout)
    if record := pid_file.read():
        os.kill(record.pid, supervisor.RECONCILE)
    else:
        command = (sys.executable, "-m", "infra.stack.supervisor")
        log = layout.log / "supervisor.log"
        started = process.start(command, log=log, environment=os.environ | environment, directory=CHECKOUT)
        if record := process.ProcessRecord.of(started.pid):
            pid_file.write(record)
    _wait_ready(layout, wanted)
    return [program.name for program in wanted]


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
        restarts = supervisor.restarts(layout, program.name)
        rows.append(
            MeshState(
                program.name, record is not None, _ready(address), address, record.pid if record else None, restarts
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
    files += [path for path in (layout.images, layout.credentials) if path.exists()]
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
            name = next(iter(late))
            log = layout.log / f"{name}.log"
            lines = log.read_text(errors="replace").strip().splitlines() if log.exists() else []
            told = lines[-1][:300] if lines else "nothing"
            message = f"{', '.join(late)} not ready after {_READY_WITHIN_S:.0f} s; {log} says: {told}"
            raise SetupProblem(message)
        time.sleep(0.1)


def _ours_ready(layout: Layout, name: str, address: str) -> bool:
    """Whether the process that we started answers, and not another on its port."""
    return supervisor.pid_file(layout, name).read() is not None and _ready(address)


def _ready(address: str) -> bool:
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with opener.open(f"{address}/readyz", timeout=3) as response:
            return bool(response.status == 200)
    except OSError:
        return False


def _supervisor(layout: Layout) -> PidFile:
    return PidFile(layout.run / "supervisor.pid")
