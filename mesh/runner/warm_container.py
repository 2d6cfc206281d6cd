"""One warm container: it has loaded its analysis and runs the units of one owner, one after the other."""

import json
import os
import socket
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import docker

from mesh.errors import EngineUnavailable, TransientFailure, UnitFailure
from mesh.instrument import Instrument
from mesh.kit.removal import discard
from mesh.kit.rlimits import OPEN_FILES
from mesh.runner.conclude import Exit
from mesh.runner.directory import UnitDirectory
from mesh.runner.engine import Labels, engine_answers
from mesh.runner.livelog import LiveLog
from mesh.runner.sandbox import sandbox
from mesh.runner.watch import Watch

_READY_TIMEOUT_S = 120.0
_READY_LOOK_S = 0.2
_LOOK_S = 0.1
_LAST_WORDS_S = 2.0
_CHUNK = 1 << 16
# A log of 1 MiB, every byte of it escaped.
_ANSWER_LIMIT = 8 << 20
_SOCKET = "owner"


class WarmContainer:
    """A place for one unit at a time.

    Its directory holds ``unit/`` (mounted read-only, ``unit/out`` writable) and ``ctl/`` (read-only) with the socket
    on which this process listens until the container has connected. A unit's files are moved in before it runs and out
    after it, so that it never sees those of another.

    Args:
        client: of the engine.
        instrument: whose units run here.
        image: digest of the image.
        labels: of its container.
        path: its own directory.
        name: of the container.
    """

    def __init__(
        self, client: Any, *, instrument: Instrument, image: str, labels: Labels, path: Path, name: str
    ) -> None:
        self._client = client
        self._instrument = instrument
        self._image = image
        self._labels = labels
        self._control = path / "ctl"
        self._unit = UnitDirectory(path / "unit")
        self._name = name
        self._container: Any = None
        self._connection: socket.socket | None = None

    @property
    def out(self) -> Path:
        """Where the unit that runs writes."""
        return self._unit.out

    def is_ready(self) -> bool:
        """Say whether a container waits for a unit; one that ended meanwhile (an operator, the kernel) does not."""
        if self._connection is None:
            return False
        self._connection.settimeout(0)
        try:
            # Nothing is sent unasked: what can be read is the end.
            self._connection.recv(1, socket.MSG_PEEK)
        except BlockingIOError:
            self._connection.settimeout(_LOOK_S)
            return True
        except OSError:
            pass
        self.stop()
        return False

    def start(self) -> None:
        """Start the container and wait until it has loaded its analysis.

        Raises:
            EngineUnavailable: the engine does not answer, or the container ended or did not get ready.
        """
        self.stop()
        discard(self._control)
        self._control.mkdir(parents=True)
        self._unit.create()
        # Gone as soon as the container has connected: no unit finds anybody to talk to.
        with _listening(self._control / _SOCKET) as listener, engine_answers():
            self._container = self._create()
            self._container.start()
            self._connection = self._accept(listener)

    def run(self, unit: UnitDirectory, watch: Watch) -> tuple[Exit, float]:
        """Run *unit* in the ready container; return how it ended and its peak resident memory in MiB.

        Whatever happens, products and log are back in *unit*, and the container is either ready or stopped.

        Raises:
            UnitFailure: the watch stopped the unit, or the container was lost.
        """
        whole = False
        try:
            _move(unit.unit_file, self._unit.path)
            _move_all(unit.inputs, self._unit.inputs)
            answer = self._ask(unit, watch)
            unit.write_log(answer["log"])
            whole = not answer["recycle"]
            ended = Exit(status=answer["status"], signal=answer["signal"], out_of_memory=answer["out_of_memory"])
            return ended, float(answer["peak_rss_mb"])
        finally:
            if not whole:
                self.stop()
            _move_all(self._unit.out, unit.out)
            self._unit.clear()

    def stop(self) -> None:
        """Kill and remove the container."""
        if self._connection is not None:
            self._connection.close()
            self._connection = None
        if self._container is not None:
            with suppress(EngineUnavailable), engine_answers():
                self._container.remove(force=True)
            self._container = None

    def _create(self) -> Any:
        arguments = {
            **sandbox(self._instrument.limits),
            "name": self._name,
            "command": ["python", "-m", "mesh.kit.warm", f"/ctl/{_SOCKET}"],
            "labels": self._labels.write(),
            "volumes": {
                str(self._unit.path): {"bind": "/unit", "mode": "ro"},
                str(self._unit.out): {"bind": "/unit/out", "mode": "rw"},
                str(self._control): {"bind": "/ctl", "mode": "ro"},
            },
        }
        with suppress(docker.errors.NotFound):
            # Of an earlier process of this name.
            self._client.containers.get(self._name).remove(force=True)
        return self._client.containers.create(self._image, **arguments)

    def _accept(self, listener: socket.socket) -> socket.socket:
        deadline = time.monotonic() + _READY_TIMEOUT_S
        while True:
            try:
                connection, _ = listener.accept()
            except TimeoutError:
                self._container.reload()
                if self._container.status != "running":
                    log = self._container.logs(tail=20).decode("utf-8", errors="replace")
                    text = f"the warm container of {self._instrument.name} ended: {log}"
                    raise EngineUnavailable("NotStarted", text) from None
                if time.monotonic() > deadline:
                    text = f"the warm container of {self._instrument.name} was not ready in {_READY_TIMEOUT_S:.0f} s"
                    raise EngineUnavailable("NotStarted", text) from None
            else:
                connection.settimeout(_LOOK_S)
                return connection

    def _ask(self, unit: UnitDirectory, watch: Watch) -> dict[str, Any]:
        """Have the container run what lies in its directory; return its answer."""
        limits = self._instrument.limits
        request = {"directory": "/unit", "limits": {"file_mb": limits.output_mb, "open_files": OPEN_FILES}}
        try:
            self._send(request)
            watch.fetch_log = self._ask_for_log
            try:
                return self._receive(watch.check, watch.log)
            except UnitFailure:
                # The container kills the unit and answers with the log so far; then it ends.
                self._send({"kill": True})
                with suppress(OSError, ValueError):
                    unit.write_log(self._receive(_Patience(_LAST_WORDS_S).check, watch.log)["log"])
                raise
        except (OSError, ValueError) as error:
            raise self._lost(error) from error

    def _ask_for_log(self, log: LiveLog) -> None:
        self._send({"log": log.end})

    def _send(self, content: Mapping[str, Any]) -> None:
        if self._connection is None:
            raise ConnectionError("the container was stopped")
        self._connection.sendall(json.dumps(content).encode() + b"\n")

    def _receive(self, look: Callable[[], None], log: LiveLog) -> dict[str, Any]:
        """Return how the unit ended; *look* is called while that does not come, pieces of the log go to *log*."""
        received = bytearray()
        while True:
            if self._connection is None:
                raise ConnectionError("the container was stopped")
            try:
                data = self._connection.recv(_CHUNK)
            except TimeoutError:
                look()
                continue
            if not data or len(received) > _ANSWER_LIMIT:
                raise ConnectionError("the container hung up")
            received += data
            *lines, received = received.split(b"\n")
            for line in lines:
                content: dict[str, Any] = json.loads(line)
                if "log_from" not in content:
                    return content
                log.add(content["log_from"], content["log_part"].encode("latin-1"))

    def _lost(self, error: Exception) -> TransientFailure:
        """Say why the container is not there any more."""
        text = f"the warm container was lost ({error}); the unit is tried again"
        with suppress(EngineUnavailable), engine_answers():
            self._container.reload()
            if self._container.attrs["State"]["OOMKilled"]:
                text = "the warm container itself was killed at its memory limit; the unit is tried again"
        return TransientFailure("ContainerLost", text)


class _Patience:
    """Waits for so many seconds and no more."""

    def __init__(self, seconds: float) -> None:
        self._deadline = time.monotonic() + seconds

    def check(self) -> None:
        if time.monotonic() > self._deadline:
            raise ConnectionError("no answer")


@contextmanager
def _listening(path: Path) -> Iterator[socket.socket]:
    """Listen at *path*, however long it is: by its directory's descriptor (the name of a socket may have 107 bytes)."""
    directory = os.open(path.parent, os.O_PATH)
    try:
        with socket.socket(socket.AF_UNIX, socket.SOCK_STREAM) as listener:
            listener.settimeout(_READY_LOOK_S)
            listener.bind(f"/proc/self/fd/{directory}/{path.name}")
            # The container is another user; who may come here at all is settled by the directories above.
            path.chmod(0o666)
            listener.listen(1)
            yield listener
    finally:
        os.close(directory)
        path.unlink(missing_ok=True)


def _move(path: Path, into: Path) -> None:
    path.rename(into / path.name)


def _move_all(source: Path, into: Path) -> None:
    for path in source.iterdir():
        _move(path, into)
