"""What operators see of a busy mesh, by the gateway's own accounts, and a dead letter sent again."""

import os
import time
import uuid
from collections.abc import Callable, Iterator
from typing import Any

import amqp
import httpx
import pytest

from mesh.broker.connection import close, connect
from mesh.broker.topology import UNITS
from mesh.settings import Settings
from odamesh import Mesh
from tests.integration.mesh.windows import drill_windows

_PATIENCE_S = 60.0
_TOLD_APART_S = 1.1
"""The broker tells when a message died in whole seconds: of two deaths in one it would be the same letter."""


@pytest.fixture(scope="module")
def admin(mesh: Mesh) -> Iterator[httpx.Client]:
    base = f"http://127.0.0.1:{os.environ['ODAMESH_GATEWAY_PORT']}/api/v1"
    with httpx.Client(base_url=base, trust_env=False, timeout=60) as client:
        yield client


def _get(admin: httpx.Client, path: str) -> Any:
    return admin.get(f"/admin{path}").raise_for_status().json()


def _until(holds: Callable[[], Any], what: str) -> Any:
    deadline = time.monotonic() + _PATIENCE_S
    while not (found := holds()):
        assert time.monotonic() < deadline, f"waited in vain for {what}"
        time.sleep(0.2)
    return found


def test_lanes_and_workers_show_what_runs_and_what_waits(mesh: Mesh, admin: httpx.Client) -> None:
    job = mesh.noop.noop(scws=drill_windows(40), salt=uuid.uuid4().hex, seconds=25, wait=False, progress=False)
    try:

        def busy() -> Any:
            lanes = _get(admin, "/queues")["lanes"]
            lane = next(one for one in lanes if (one["instrument"], one["lane"]) == ("noop", "user"))
            return lane if lane["running"] and lane["waiting"] else None

        lane = _until(busy, "units at work")
        (noop,) = (one for one in _get(admin, "/workers")["instruments"] if one["instrument"] == "noop")
        assert 0 < lane["running"] <= noop["slots"] < lane["released"]
        assert lane["released"] + lane["waiting"] == 40
        assert (lane["users"], lane["consumers"]) == (1, 1)
        assert noop["running"] > 0
        assert [worker["alive"] for worker in noop["workers"]][:1] == [True]
        users = {one["user"]: one for one in _get(admin, "/users")["users"]}
        assert users[job.refresh().view.user]["units"] >= 40
    finally:
        job.cancel()


def test_the_other_documents_are_told_with_the_gateways_rights(admin: httpx.Client) -> None:
    queues = {one["queue"]: one for one in _get(admin, "/queues")["queues"]}
    assert queues["requests.dispatcher"]["consumers"] == 1
    assert {"dead.noop", "retry.5s", "unrouted", "alerts.0"} <= queues.keys()
    cache = _get(admin, "/cache")
    assert cache["products"] == sum(stage["products"] for stage in cache["stages"])
    assert isinstance(_get(admin, "/alarms"), list)
    assert _get(admin, "")["dashboards"]["Doors"].endswith("/consoles/doors.html")


def test_a_dead_letter_is_sent_again_by_the_dispatcher(admin: httpx.Client) -> None:
    message_id = uuid.uuid4().hex
    connection = connect(Settings().connections("admin").broker, "test", heartbeat=0)
    connection.channel().basic_publish(
        amqp.Message(b"\x00 no unit", message_id=message_id, delivery_mode=2), UNITS, "noop.user"
    )
    close(connection)

    def lying() -> dict[str, Any] | None:
        found = _get(admin, "/dead-letters?queue=dead.noop")["letters"]
        return next((one for one in found if one["message_id"] == message_id), None)

    first = _until(lying, "the letter")
    time.sleep(_TOLD_APART_S)
    assert admin.post(f"/admin/dead-letters/dead.noop/{first['id']}/send-again").status_code == 202

    def died_again() -> dict[str, Any] | None:
        letter = lying()
        return letter if letter and letter["id"] != first["id"] else None

    again = _until(died_again, "the letter to come back")
    assert admin.delete(f"/admin/dead-letters/dead.noop/{again['id']}").status_code == 204
    assert lying() is None
