"""Clients of the Virtual Observatory against the real mesh; servers and archive are those of the tests of the mesh."""

import gc
import os
from collections.abc import Iterator

import pytest

from odamesh import Mesh


@pytest.fixture(autouse=True)
def _left_connections() -> Iterator[None]:
    """Let go of the connections that the clients leave open while their modules ignore that."""
    yield
    gc.collect()


@pytest.fixture
def root(mesh: Mesh) -> str:
    """Address of the gateway under test."""
    assert mesh is not None
    return f"http://127.0.0.1:{os.environ['ODAMESH_GATEWAY_PORT']}"
