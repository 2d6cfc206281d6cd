"""The drill image with the kit as it stands, runners of every kind on it, and units for them."""

import io
import tarfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest

from mesh.errors import EngineUnavailable
from mesh.instrument import Instrument, Limits, read_instrument
from mesh.runner.directory import InputFiles
from mesh.runner.docker import DockerRunner
from mesh.runner.engine import connect
from mesh.runner.local import LocalRunner
from mesh.runner.protocol import Runner, UnitResult, Work
from mesh.runner.warm import WarmRunner
from mesh.runner.workspace import Workspace
from mesh.settings import Settings, SettingsError

_ROOT = Path(__file__).resolve().parents[3]
_SCIENCE = "odamesh/science"
_TAG = "odamesh/noop-under-test"

MakeWork = Callable[..., Work]
MakeRunner = Callable[..., Runner]


def engine_address() -> str:
    """Return the address of the engine that the set-up started; empty for that of the environment."""
    try:
        return Settings().engine_address()
    except SettingsError:
        return ""


@pytest.fixture(scope="session")
def engine() -> Any:
    """Return a client of the container engine; skips where there is none."""
    try:
        return connect(engine_address())
    except EngineUnavailable as error:
        pytest.skip(f"no container engine: {error}; run `odamesh stack up`")


@pytest.fixture(scope="session")
def noop(engine: Any) -> Instrument:
    """Return the drill instrument with an image made of this tree; skips where its base is not built."""
    if not engine.images.list(_SCIENCE):
        pytest.skip(f"there is no image {_SCIENCE}: run `odamesh stack up`")
    before = {image.id for image in engine.images.list(_TAG)}
    image, _ = engine.images.build(fileobj=_context(), custom_context=True, tag=_TAG, rm=True)
    for outdated in before - {image.id}:
        engine.images.remove(outdated)
    return _noop(_TAG)


def _noop(tag: str) -> Instrument:
    instrument = read_instrument(_ROOT / "mesh/testing/noop/instrument.toml")
    # A name of its own: the reaper under test must not see the containers of a mesh that runs here.
    changes = {"name": "noopundertest", "image": instrument.image.model_copy(update={"tag": tag})}
    return instrument.model_copy(update=changes)


def _context() -> io.BytesIO:
    dockerfile = f"FROM {_SCIENCE}\nCOPY mesh /opt/odamesh/mesh\nENV ODAMESH_ANALYSIS=mesh.testing.noop.analysis\n"
    packed = io.BytesIO()
    with tarfile.open(fileobj=packed, mode="w") as tar:
        information = tarfile.TarInfo("Dockerfile")
        information.size = len(dockerfile)
        tar.addfile(information, io.BytesIO(dockerfile.encode()))
        packages = [f"{package}/__init__.py" for package in ("mesh", "mesh/testing", "mesh/testing/noop")]
        for path in (*packages, "mesh/kit", "mesh/testing/noop/analysis"):
            tar.add(_ROOT / path, path, filter=_without_caches)
    packed.seek(0)
    return packed


def _without_caches(entry: tarfile.TarInfo) -> tarfile.TarInfo | None:
    # Fixed times keep the engine's build cache valid.
    entry.mtime = 0
    return None if "__pycache__" in entry.name else entry


@pytest.fixture
def make_runner(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[MakeRunner]:
    """Return a function that makes a runner by its name; what it started is gone after the test."""
    made: list[Runner] = []
    owners: list[str] = []

    def make(kind: str, owner: str | None = None) -> Runner:
        workspace = Workspace(tmp_path / "work")
        if kind == "local":
            return LocalRunner(_noop(_TAG), workspace)
        client, instrument = request.getfixturevalue("engine"), request.getfixturevalue("noop")
        owner = owner or f"test-{uuid4().hex[:12]}"
        owners.append(owner)
        cold = DockerRunner(client, instrument, owner, workspace)
        runner: Runner = cold if kind == "docker" else WarmRunner(client, instrument, owner, workspace, cold)
        made.append(runner)
        return runner

    yield make
    for runner in made:
        runner.close()
    if owners:
        client = request.getfixturevalue("engine")
        for owner in owners:
            for container in client.containers.list(
                all=True, ignore_removed=True, filters={"label": f"mesh.owner={owner}"}
            ):
                container.remove(force=True)


@pytest.fixture
def make_work() -> MakeWork:
    """Return a function that prepares a unit of the drill instrument for a runner."""

    def make(runner: Runner, *, limits: dict[str, Any] | None = None, key: str = "", **parameters: Any) -> Work:
        key = key or uuid4().hex * 2
        directory = runner.directory(key)
        directory.create()
        (directory.input_folder("events", "201600270010.001") / "events.txt").write_text("photons")
        directory.write_unit(
            key=key,
            stage="window",
            label="201600270010.001",
            parameters=parameters,
            inputs=[InputFiles("events", "201600270010.001", ("events.txt",))],
            provenance={},
        )
        standard = _noop(_TAG).limits.model_dump()
        return Work(key=key, directory=directory, limits=Limits(**{**standard, **(limits or {})}))

    return make


def run(runner: Runner, work: Work) -> UnitResult:
    """Run a unit that need not tell its steps."""
    return runner.run(work, lambda step: None)


def wait_until(condition: Callable[[], bool]) -> None:
    """Wait for what must happen sooner or later."""
    deadline = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)
