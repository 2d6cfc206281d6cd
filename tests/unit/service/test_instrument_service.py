"""An instrument's service is made of its file alone."""

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from nameko.extensions import ENTRYPOINT_EXTENSIONS_ATTR

from mesh.broker.broadcast import Listen
from mesh.broker.consumer import Consume
from mesh.contracts.request import Lane
from mesh.instruments import instrument
from mesh.service.instrument_service import instrument_service


@pytest.mark.parametrize("name", ["isgri", "spectral_fit"])
def test_every_lane_has_its_queue(name: str) -> None:
    service: Any = instrument_service(instrument(name))

    handlers = [getattr(service, lane.value) for lane in Lane]
    found = [next(iter(getattr(handler, ENTRYPOINT_EXTENSIONS_ATTR))) for handler in handlers]
    assert [entry.queue for entry in found] == [f"units.{name}.{lane.value}" for lane in Lane]
    assert all(type(entry) is Consume for entry in found)
    assert isinstance(next(iter(getattr(service.control, ENTRYPOINT_EXTENSIONS_ATTR))), Listen)
    assert service.name == name


def _run(arguments: list[str], **variables: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "mesh.service.instrument", *arguments]
    return subprocess.run(command, capture_output=True, text=True, check=False, env=os.environ | variables)


def test_a_process_that_cannot_serve_says_why_and_ends(tmp_path: Path) -> None:
    unknown = _run(["spy"])
    assert (unknown.returncode, "give one name of" in unknown.stderr, "isgri" in unknown.stderr) == (2, True, True)
    no_account = _run(["isgri"], ODAMESH_HOME=str(tmp_path), ODAMESH_CREDENTIALS=str(tmp_path / "none.toml"))
    assert (no_account.returncode, "odamesh stack up" in no_account.stderr) == (2, True)
