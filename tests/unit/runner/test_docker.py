"""How a unit in a container of its own ended is told even where the engine fails meanwhile."""

from contextlib import nullcontext
from pathlib import Path
from types import SimpleNamespace
from typing import Any, ClassVar

import docker
import pytest
import requests

from mesh.errors import EngineUnavailable, UnitTimeout
from mesh.instrument import read_instrument
from mesh.runner.docker import DockerRunner
from mesh.runner.protocol import Work
from mesh.runner.workspace import Workspace

from .conftest import KEY, LIMITS

_NOOP = Path(__file__).resolve().parents[3] / "mesh/testing/noop/instrument.toml"


class _Container:
    """Runs for ever; the engine has lost its log."""

    attrs: ClassVar = {"State": {"Status": "running"}}

    def __init__(self, error: Exception) -> None:
        self._error = error
        self.removed = False

    def start(self) -> None:
        """Run."""

    def reload(self) -> None:
        """Run on."""

    def kill(self) -> None:
        """Fail as the log does."""
        raise self._error

    def remove(self, *, force: bool) -> None:
        """Go."""
        self.removed = force

    def logs(self, **_: object) -> bytes:
        """Fail."""
        raise self._error


@pytest.mark.parametrize(
    "error",
    [docker.errors.APIError("configured logging driver does not support reading"), requests.ConnectionError("reset")],
    ids=["refused", "broken"],
)
def test_a_timeout_without_a_log_is_a_timeout(workspace: Workspace, error: Exception) -> None:
    container: Any = _Container(error)
    image = SimpleNamespace(id="sha256:1")
    client = SimpleNamespace(
        images=SimpleNamespace(get=lambda _: image), containers=SimpleNamespace(create=lambda *_, **__: container)
    )
    runner = DockerRunner(client, read_instrument(_NOOP), "me", workspace)
    directory = runner.directory(KEY)
    directory.create()
    with pytest.raises(UnitTimeout):
        runner.run(Work(KEY, directory, LIMITS.model_copy(update={"seconds": 0.01})), lambda step: None)
    assert container.removed
    assert b"did not hand over the log" in directory.read_log()


@pytest.mark.parametrize(("failures", "away"), [(1, False), (2, True)])
def test_an_idle_connection_that_was_closed_does_not_make_the_engine_away(
    workspace: Workspace, failures: int, *, away: bool
) -> None:
    told = [requests.exceptions.ConnectionError("closed without response")] * failures

    def ping() -> bool:
        if told:
            raise told.pop()
        return True

    runner = DockerRunner(SimpleNamespace(ping=ping), read_instrument(_NOOP), "me", workspace)
    with pytest.raises(EngineUnavailable) if away else nullcontext():
        runner.ping()
