"""Fixtures of the whole mesh under test: its processes, its archive with good and bad windows, and a client.

`make test` starts the servers of a stack of its own (tests/stack.env); where they do not run, these tests skip.
"""

import gzip
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import odamesh
from odamesh import Mesh
from services.isgri.simulator.scenarios import write_archive
from tests import real_window, shared
from tests.integration.mesh.epoch_windows import observe_an_epoch
from tests.integration.mesh.jemx_windows import observe_with_jemx
from tests.integration.mesh.windows import EMPTY, NO_EVENTS, TRUNCATED
from tests.simulated_once import mark_of, simulated_once
from tests.trace_collector import Collector, collecting

_PROGRAMS = ("services/isgri/simulator", "mesh/testing/archive", "tests/running_mesh.py")


@pytest.fixture(scope="session")
def home() -> Path:
    """State directory of the stack for tests."""
    directory = Path(os.environ.get("ODAMESH_HOME", "/nonexistent"))
    if not (directory / "credentials.toml").exists() or "ODAMESH_GATEWAY_PORT" not in os.environ:
        pytest.skip("no stack for tests is up: run `make test`, which starts one")
    return directory


@pytest.fixture(scope="session")
def archive(home: Path) -> Path:
    """An archive: six good windows, JEM-X in two, three bad ones, an early epoch, and the real window if there."""
    root = home / "archive"
    if not _is_spoilt(root):
        mark_of(root, "isgri").unlink(missing_ok=True)
    simulated_once(root, "isgri", _PROGRAMS, lambda: _simulate(root))
    observe_with_jemx(root)
    observe_an_epoch(root)
    pieces = real_window.parts(shared.location())
    scw = real_window.SCW
    target = root / "scw" / scw[:4] / f"{scw}.001" / "isgri_events.fits"
    if pieces and not target.exists():
        real_window.assemble(pieces, target)
    subprocess.run([sys.executable, "-m", "odamesh", "archive", "index", str(root)], check=True)
    return root


def _simulate(root: Path) -> None:
    shutil.rmtree(root, ignore_errors=True)
    write_archive(root, "galactic-centre", scws=9, processes=os.cpu_count() or 1)
    _spoil(root)


def _events(root: Path, scw: str) -> Path:
    return root / "scw" / scw[:4] / f"{scw}.001" / "isgri_events.fits.gz"


def _spoil(root: Path) -> None:
    truncated = _events(root, TRUNCATED)
    whole = gzip.decompress(truncated.read_bytes())
    truncated.write_bytes(gzip.compress(whole[: len(whole) // 2], 1, mtime=0))
    _events(root, EMPTY).write_bytes(b"")
    _events(root, NO_EVENTS).unlink()


def _is_spoilt(root: Path) -> bool:
    """Say whether the bad windows are still bad: whoever simulates into the same directory mends them."""
    empty = _events(root, EMPTY)
    return empty.exists() and empty.stat().st_size == 0 and not _events(root, NO_EVENTS).exists()


@pytest.fixture(scope="session")
def collector() -> Iterator[Collector]:
    """Takes the traces of the mesh under test; whoever starts its processes again has them sent there too."""
    with collecting() as taken, pytest.MonkeyPatch.context() as patch:
        patch.setenv("ODAMESH_TRACES", taken.url)
        yield taken


@pytest.fixture(scope="session")
def mesh(home: Path, archive: Path, collector: Collector) -> Iterator[Mesh]:
    """A client of a mesh that runs on real servers and a real engine, and sends its traces."""
    command = [sys.executable, "-m", "odamesh", "mesh"]
    subprocess.run([*command, "up"], check=True)
    with odamesh.connect(f"http://127.0.0.1:{os.environ['ODAMESH_GATEWAY_PORT']}") as client:
        yield client
    subprocess.run([*command, "down"], check=True)
