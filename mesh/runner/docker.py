"""Runs each unit in a fresh container: the strictest way, for any image, at the price of its start-up time.

The name of the container follows from the unit's key. When a service dies and its message comes again, creating the
container answers "conflict", and the one that runs (or has ended meanwhile) is taken over instead of running twice.
"""

import os
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

import docker
import requests

from mesh.errors import EngineUnavailable, UnitFailure
from mesh.instrument import Instrument
from mesh.kit.product import FAILURE_FILE, MANIFEST_FILE
from mesh.runner.conclude import Exit, conclude
from mesh.runner.directory import UnitDirectory
from mesh.runner.engine import Labels, engine_answers, image_id
from mesh.runner.livelog import LiveLog, LogPart
from mesh.runner.pace import Pace
from mesh.runner.protocol import OnStep, UnitResult, Work
from mesh.runner.reaper import reap_containers
from mesh.runner.running import Running
from mesh.runner.sandbox import sandbox
from mesh.runner.watch import Watch
from mesh.runner.workspace import Workspace

_CONFLICT = 409
_ASK_S = 0.5
_KEEP_S = 3600.0
_ASK_AT_THE_END_S = 0.03


def container_name(workspace: str, unit_key: str) -> str:
    """Return the name of the container of a unit in the workspace with a mark."""
    return f"odamesh-{workspace}-{unit_key[:40]}"


class DockerRunner:
    """One container a unit.

    Args:
        client: of the engine.
        instrument: whose units it runs.
        owner: name of this service process.
        workspace: where unit directories lie.
    """

    name = "docker"

    def __init__(self, client: Any, instrument: Instrument, owner: str, workspace: Workspace) -> None:
        self._client = client
        self._instrument = instrument
        self._owner = owner
        self._workspace = workspace
        self._running = Running()
        self._image = ""

    def image(self) -> str:
        """Return the id of the image; it is looked up once, so that one service runs one image."""
        if not self._image:
            self._image = image_id(self._client, self._instrument.image)
        return self._image

    def ping(self) -> None:
        """Ask the engine whether it answers; see the protocol."""
        with engine_answers():
            try:
                self._client.ping()
            except requests.exceptions.ConnectionError:
                # The gate may have closed an idle connection in this very moment: a new one tells.
                self._client.ping()

    def directory(self, unit_key: str) -> UnitDirectory:
        """Return the directory of a unit; see the protocol."""
        return self._workspace.unit(unit_key)

    def run(self, work: Work, on_step: OnStep) -> UnitResult:
        """Run a unit in a container of its own; see the protocol."""
        with engine_answers():
            container = self._create(work)
        with self._running.entry(work.key, Watch(work.directory.out, work.limits, on_step)) as watch:
            return self._finish(container, work, watch, start=True)

    def prepare(self, units: int) -> None:
        """Do nothing: every container is made for its unit."""

    def adopt(self, work: Work, on_step: OnStep) -> UnitResult | None:
        """Take over the container of a unit; see the protocol."""
        if work.key in self._running:
            return None
        with engine_answers():
            try:
                container = self._client.containers.get(container_name(self._workspace.mark, work.key))
            except docker.errors.NotFound:
                return None
        labels = Labels.read(container.labels)
        if container.status == "created" or not work.directory.unit_file.exists():
            # Its owner died before it started, or its directory is not on this machine any more.
            self._remove(container)
            return None
        # What ended while nobody looked is not over its time, however late it is found.
        left = labels.deadline - time.time() if container.status == "running" else work.limits.seconds
        watch = Watch(work.directory.out, work.limits, on_step, seconds_left=left)
        with self._running.entry(work.key, watch):
            return self._finish(container, work, watch, start=False)

    def kill(self, unit_key: str) -> bool:
        """End a unit at its next look; see the protocol."""
        return self._running.cancel(unit_key)

    def log(self, unit_key: str, try_id: str, position: int) -> LogPart | None:
        """Return what is new in the log of a running unit; see the protocol."""
        return self._running.log(unit_key, try_id, position)

    def reap(self, alive: Callable[[str], bool], wanted: Callable[[str], bool]) -> None:
        """Remove the containers of dead owners that nobody will take over; see the protocol."""
        with engine_answers():
            reap_containers(
                self._client,
                instrument=self._instrument.name,
                workspace=self._workspace.mark,
                owner=self._owner,
                alive=alive,
                wanted=wanted,
            )
        self._workspace.sweep(self._owner, alive, self._instrument.limits.seconds + _KEEP_S)

    def close(self) -> None:
        """Do nothing: units that still run are left to be taken over."""

    def _create(self, work: Work) -> Any:
        arguments = self._arguments(work)
        try:
            return self._client.containers.create(self.image(), **arguments)
        except docker.errors.APIError as error:
            if error.status_code != _CONFLICT:
                raise
        # What bears the name is no unit to take over: adoption was tried before.
        self._remove(self._client.containers.get(container_name(self._workspace.mark, work.key)))
        return self._client.containers.create(self.image(), **arguments)

    def _arguments(self, work: Work) -> dict[str, Any]:
        directory = work.directory
        return {
            **sandbox(work.limits),
            "name": container_name(self._workspace.mark, work.key),
            "command": ["python", "-m", "mesh.kit.run", "/unit"],
            "labels": self._labels(work).write(),
            # An init as process 1, so that signals work and a crash is told by its signal.
            "init": True,
            "volumes": {
                str(directory.path): {"bind": "/unit", "mode": "ro"},
                str(directory.out): {"bind": "/unit/out", "mode": "rw"},
            },
        }

    def _labels(self, work: Work) -> Labels:
        return Labels.of_unit(self._instrument.name, self._owner, self._workspace.mark, work.key, work.limits)

    def _finish(self, container: Any, work: Work, watch: Watch, *, start: bool) -> UnitResult:
        try:
            with engine_answers():
                if start:
                    container.start()
                    watch.begin(work.limits.seconds)
                ended = self._wait(container, work, watch)
            product = conclude(ended, work.directory.out, work.key, work.limits)
        except EngineUnavailable:
            # The container may well run on: the next try takes it over.
            raise
        except UnitFailure:
            self._remove(container)
            raise
        self._remove(container)
        return UnitResult(product=product, seconds=watch.seconds, peak_rss_mb=None, runner=self.name)

    def _wait(self, container: Any, work: Work, watch: Watch) -> Exit:
        try:
            return _until_exit(container, work, watch)
        except UnitFailure:
            with suppress(docker.errors.DockerException, requests.exceptions.RequestException):
                container.kill()
            raise
        finally:
            work.directory.write_log(_log_of(container))

    def _remove(self, container: Any) -> None:
        try:
            with engine_answers():
                container.remove(force=True)
        except EngineUnavailable as error:
            # Gone, or being removed by somebody else.
            if not isinstance(error.__cause__, docker.errors.APIError):
                raise


def _log_of(container: Any) -> str:
    """Return the log, or why there is none: how the unit ended counts more."""
    try:
        log: bytes = container.logs(stdout=True, stderr=True)
    except (docker.errors.DockerException, requests.exceptions.RequestException) as error:
        return f"the engine did not hand over the log: {error}\n"
    return log.decode("utf-8", errors="replace")


class _Tail:
    """Reads the log of a container into a live log, in a thread that begins when somebody first follows it."""

    def __init__(self, container: Any) -> None:
        self._container = container
        self._begun = False

    def __call__(self, log: LiveLog) -> None:
        if not self._begun:
            self._begun = True
            threading.Thread(target=self._read, args=(log,), name="log-tail", daemon=True).start()

    def _read(self, log: LiveLog) -> None:
        with suppress(docker.errors.DockerException, requests.exceptions.RequestException):
            for data in self._container.logs(stdout=True, stderr=True, stream=True, follow=True):
                log.add(log.end, data)


def _until_exit(container: Any, work: Work, watch: Watch) -> Exit:
    """Wait for the end; the kit's last file announces it, so that the engine need not be asked all the time."""
    last_files = (work.directory.out / MANIFEST_FILE, work.directory.out / FAILURE_FILE)
    pace, asked = Pace(), time.monotonic()
    watch.fetch_log = _Tail(container)
    while True:
        watch.check()
        ending = any(os.path.lexists(path) for path in last_files)
        if time.monotonic() - asked > (_ASK_AT_THE_END_S if ending else _ASK_S):
            asked = time.monotonic()
            container.reload()
            state = container.attrs["State"]
            if state["Status"] in {"exited", "dead"}:
                return Exit.of_shell(int(state["ExitCode"]), out_of_memory=bool(state["OOMKilled"]))
        pace.sleep()
