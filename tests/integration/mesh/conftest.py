"""What several tests of the whole mesh have in the archive of the mesh under test."""

import os
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from odamesh import Mesh
from tests.integration.mesh.bursts import ACS_BURST, observe_with_spiacs


@pytest.fixture(scope="session")
def rates(archive: Path) -> str:
    """Four slices of simulated counts of SPI-ACS with a burst; returns the UTC of the burst."""
    observe_with_spiacs(archive)
    return ACS_BURST


@pytest.fixture
def client(mesh: Mesh) -> Iterator[httpx.Client]:
    """What speaks HTTP with the gateway of the mesh under test."""
    assert mesh is not None
    with httpx.Client(base_url=f"http://127.0.0.1:{os.environ['ODAMESH_GATEWAY_PORT']}/api/v1") as opened:
        yield opened
