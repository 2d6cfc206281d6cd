"""The gateway with its own account on the real servers."""

import asyncio
import time

import pytest

from gateway.application import create_app
from gateway.assemble import real_parts
from gateway.settings import GatewaySettings
from mesh.settings import SettingsError
from tests.unit.gateway.doubles import call

_PATIENCE = 60.0
_HOST = {"Host": "localhost"}


def test_the_gateway_becomes_ready_and_lists_jobs() -> None:
    try:
        parts = real_parts(GatewaySettings())
    except SettingsError as error:
        pytest.skip(f"no servers: {error}")
    app = create_app(parts)
    loop = asyncio.new_event_loop()
    parts.start(loop)
    try:
        deadline = time.monotonic() + _PATIENCE
        while (answer := call(app, "GET", "/readyz", headers=_HOST)).status_code != 200 and time.monotonic() < deadline:
            time.sleep(0.05)
        assert answer.json() == {"status": "ready", "broker": "ok", "store": "ok"}
        assert call(app, "GET", "/api/v1/jobs?limit=1", headers=_HOST).status_code == 200
        assert call(app, "GET", f"/api/v1/jobs/{'0' * 32}", headers=_HOST).status_code == 404
    finally:
        parts.stop()
        loop.close()
