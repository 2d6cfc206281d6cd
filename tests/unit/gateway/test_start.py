"""The start of the gateway's own process."""

import gc
import logging
from collections.abc import Iterator

import pytest
import uvicorn

import gateway.__main__ as start
from tests.unit.gateway.conftest import Gateway


@pytest.fixture
def _process(gateway: Gateway, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A process that starts on doubles; what its start changes of this one is as before afterwards."""
    monkeypatch.setattr(start, "real_parts", lambda _: gateway.app.state.parts)
    monkeypatch.setattr(start, "configure_logging", lambda *_: None)
    pika = logging.getLogger("pika")
    before = pika.level
    yield
    pika.setLevel(before)
    gc.unfreeze()


@pytest.mark.usefixtures("_process")
def test_a_full_collection_leaves_out_what_the_gateway_starts_with(monkeypatch: pytest.MonkeyPatch) -> None:
    gone_through: list[bool] = []

    def serve(server: uvicorn.Server) -> None:
        app = server.config.app
        # Among them is what a collection of the oldest generation goes through.
        gone_through.append(any(thing is app for thing in gc.get_objects()))
        server.started = True

    monkeypatch.setattr(uvicorn.Server, "run", serve)
    assert start.main() == 0
    assert gone_through == [False]
