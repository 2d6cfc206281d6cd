"""The gateway with its own account on the real servers."""

import asyncio
import time
import uuid

import pytest
from fastapi import FastAPI

from gateway.application import create_app
from gateway.assemble import real_parts
from gateway.settings import GatewaySettings
from mesh.settings import SettingsError
from tests.unit.gateway.doubles import call

_PATIENCE = 60.0
_HOST = {"Host": "localhost"}


def _take_a_draft(app: FastAPI) -> None:
    """Everything that taking a job needs is within the rights of the gateway's account.

    The next dispatcher deletes the draft: its time has come already.
    """
    body = {
        "instrument": "isgri",
        "product": "image",
        "selection": {"scws": ["201600270010"]},
        "draft": True,
        "destroy_after": "2020-01-01T00:00:00",
        "user": "test",
    }
    headers = {**_HOST, "Idempotency-Key": uuid.uuid4().hex}
    taken = call(app, "POST", "/api/v1/jobs", json=body, headers=headers)
    assert taken.status_code == 201, taken.text
    assert call(app, "POST", "/api/v1/jobs", json=body, headers=headers).json() == taken.json()
    other = call(app, "POST", "/api/v1/jobs", json={**body, "product": "spectrum"}, headers=headers)
    assert other.status_code == 409
    assert call(app, "GET", taken.json()["links"]["self"], headers=_HOST).json()["draft"]


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
        _take_a_draft(app)
    finally:
        parts.stop()
        loop.close()
