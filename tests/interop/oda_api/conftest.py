"""The real client against the real mesh."""

import logging
import os
from collections.abc import Callable, Iterator

import matplotlib as mpl
import pytest

from odamesh import Mesh

mpl.use("Agg")
from oda_api.api import DispatcherAPI  # draws when it is imported

Client = Callable[..., DispatcherAPI]


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logging.getLogger("oda_api").setLevel(logging.ERROR)
    yield


@pytest.fixture
def client(mesh: Mesh) -> Client:
    """Make clients of the mesh under test; keywords are those of ``DispatcherAPI``."""
    assert mesh is not None

    def connect(path: str = "", **options: object) -> DispatcherAPI:
        url = f"http://127.0.0.1:{os.environ['ODAMESH_GATEWAY_PORT']}{path}"
        one = DispatcherAPI(url=url, instrument="mock", **options)
        one.retry_sleep_s = 0.5
        # Its default looks for tokens in the home directory of whoever runs the tests.
        one.token_discovery_methods = None
        return one

    return connect
