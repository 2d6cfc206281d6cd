"""The ground of the drills: a running mesh with its servers, as a caller sees it and as an operator can break it."""

import os
import signal
import time
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any

import docker
import redis

from infra.stack import mesh_processes, supervisor
from infra.stack.layout import Layout
from infra.stack.process import PidFile, ProcessRecord
from infra.stack.stack import Stack
from mesh.errors import NotFound
from mesh.runner.engine import INSTRUMENT, UNIT, WORKSPACE
from mesh.runner.workspace import Workspace
from mesh.settings import Connections, Settings
from mesh.states import UnitState, job_is_final
from mesh.store.connect import redis_client
from mesh.store.objects import Objects
from mesh.store.requests import Requests
from odamesh import Job, Mesh, MeshUnavailable
from tests.integration.mesh.windows import drill_windows

PATIENCE_S = 300.0
_LOOK_S = 0.05
_SELDOM_S = 0.25
_PROCESSES = ("dispatcher", "cache", "isgri", "noop", "gateway")


class Ground:
    """One mesh under drill.

    Args:
        mesh: a caller's client.
    """

    def __init__(self, mesh: Mesh) -> None:
        self.mesh = mesh
        self.layout = Layout.from_environment()
        self.stack = Stack.of(self.layout)

    @property
    def connections(self) -> Connections:
        """The servers, as the administrator sees them."""
        return Settings().connections("admin")

    def index(self) -> redis.Redis:
        """Return a client of the mesh's Redis."""
        return redis_client(self.connections.redis)

    def submit(self, windows: int, **parameters: Any) -> Job:
        """Submit a job of so many windows whose products nobody has made yet; a merge comes on top."""
        job: Job = self.mesh.noop.noop(
            scws=drill_windows(windows), salt=parameters.pop("salt", uuid.uuid4().hex), wait=False, **parameters
        )
        return job

    def until(
        self, true: Callable[[], bool], what: str, seconds: float = PATIENCE_S, *, look_s: float = _LOOK_S
    ) -> None:
        """Wait for something; while the gateway is away it is not true."""
        end = time.monotonic() + seconds
        while True:
            with suppress(MeshUnavailable):
                if true():
                    return
            assert time.monotonic() < end, f"waited {seconds:g} s for {what}"
            time.sleep(look_s)

    def until_running(self, job: Job, units: int = 1) -> None:
        """Wait until so many units of a job run, in their containers."""
        self.until(lambda: job.refresh().counts.get(UnitState.RUNNING, 0) >= units, f"{units} running units of {job}")

    def until_ended(self, *jobs: Job, seconds: float = PATIENCE_S) -> None:
        """Wait until all jobs have ended, however."""

        def ended() -> bool:
            return all(job_is_final(job.state) or job_is_final(job.refresh().state) for job in jobs)

        self.until(ended, "the end of the jobs", seconds, look_s=_SELDOM_S)

    def until_told(self, *jobs: Job) -> None:
        """Wait until the end of each job stands in the store, which outlives all records."""
        requests = Requests(Objects(self.connections.store))

        def told() -> bool:
            with suppress(NotFound):
                return all(requests.end(job.id) for job in jobs)
            return False

        self.until(told, "the ends of the jobs in the store", 120, look_s=_SELDOM_S)

    def until_ready(self) -> None:
        """Wait until every process of the mesh answers that it is ready, as it is between two drills."""

        def ready() -> bool:
            rows = {row.name: row.ready for row in mesh_processes.status()}
            return all(rows[name] for name in _PROCESSES)

        self.until(ready, "a mesh that is ready", look_s=_SELDOM_S)

    def signal(self, name: str, number: signal.Signals) -> ProcessRecord:
        """Send a signal to a process of the mesh; the supervisor starts it again when it has ended."""
        record = supervisor.pid_file(self.layout, name).read()
        assert record is not None, f"{name} does not run"
        os.kill(record.pid, number)
        return record

    def kill_server(self, pid_file: PidFile) -> None:
        """SIGKILL a server, as a power cut would: pid files and sockets stay."""
        record = pid_file.read()
        assert record is not None, f"{pid_file.path} names no running process"
        os.kill(record.pid, signal.SIGKILL)
        while record.alive():
            time.sleep(0.01)

    def containers_at_work(self) -> list[str]:
        """Return the names of this mesh's containers in which a unit runs now."""
        labels = [f"{INSTRUMENT}=noop", f"{WORKSPACE}={Workspace(Settings().work / 'noop').mark}"]
        with self.engine() as client:
            found = client.containers.list(filters={"label": labels}, ignore_removed=True)
            return [str(one.name) for one in found if one.labels.get(UNIT) or _serves_a_unit(one)]

    @contextmanager
    def engine(self) -> Iterator[Any]:
        """Open a client of the container engine."""
        client = docker.DockerClient(base_url=Settings().engine_address() or None)
        try:
            yield client
        finally:
            client.close()


def _serves_a_unit(container: Any) -> bool:
    """Whether a warm container has forked: its first process alone is one that waits."""
    try:
        return len(container.top()["Processes"] or ()) > 1
    except docker.errors.APIError:
        return False  # it ended while we asked
