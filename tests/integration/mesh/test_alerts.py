"""Alerts through the real mesh: posted over HTTP, analysed in containers, published by the broker."""

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import amqp
import httpx
import pytest

from infra.transients.follow import settled_record
from infra.transients.known import KNOWN, find_maps
from infra.transients.simulated_days import simulate_day
from mesh.settings import Settings
from odamesh.transport import Transport

_PATIENCE_SECONDS = 120.0
_T0 = "2017-08-17T12:41:04.430"
_MERGER = KNOWN[0]


@pytest.fixture(scope="module")
def days(archive: Path, rates: str) -> None:
    """The simulated counts that other tests of SPI-ACS make as well, and those of the day of a merger."""
    assert rates
    # Before the first alert: what the archive has is looked at again after half a minute only.
    simulate_day(archive, _MERGER.scenario, own=True)


def _notice(number: str, **fields: Any) -> bytes:
    body = {"mission": "Drill", "id": [number], "trigger_time": f"{_T0}Z", "alert_type": "initial", "record_number": 1}
    return json.dumps({**body, **fields}).encode()


def _post(client: httpx.Client, body: bytes) -> dict[str, Any]:
    answer = client.post("/alerts", content=body, headers={"Content-Type": "application/json"})
    assert answer.status_code in {200, 202}, answer.text
    return dict(answer.json())


def _until(client: httpx.Client, key: str, holds: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
    """Return the record of an event once something holds of it."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while time.monotonic() < deadline:
        answer = client.get(f"/alerts/events/{key}/record")
        if answer.status_code == 200 and holds(answer.json()):
            return dict(answer.json())
        time.sleep(0.1)
    raise AssertionError(answer.text)


def _ended(record: dict[str, Any]) -> bool:
    states = [one["state"] for part in record["instruments"] for one in part["analyses"]]
    return bool(states) and "waiting" not in states


@pytest.mark.usefixtures("days")
def test_a_trigger_of_the_mission_is_analysed_published_and_taken_back(client: httpx.Client) -> None:
    key = f"drill:{time.time_ns()}"
    number = key.partition(":")[2]
    broker = Settings().connections("admin").broker
    address = f"{broker.host}:{broker.port}"
    with amqp.Connection(address, broker.user, broker.password, virtual_host=broker.vhost) as connection:
        channel = connection.channel()
        queue = channel.queue_declare(exclusive=True).queue
        channel.queue_bind(queue, "mesh.transients", "integral.spi_acs.followup.test")  # its data are simulated
        told = _post(client, _notice(number, ra=197.45, dec=-23.38, ra_dec_error=0.1))
        assert (told["event_key"], told["duplicate"]) == (key, False)
        record = _until(client, key, _ended)
        acs = next(part for part in record["instruments"] if part["instrument"] == "spiacs")
        assert (acs["status"], [one["state"] for one in acs["analyses"]]) == ("data", ["COMPLETED", "COMPLETED"])
        assert acs["analyses"][0]["results"]["completeness"] == pytest.approx(1.0)
        names = {file["name"] for one in acs["analyses"] for made in one["products"] for file in made["files"]}
        assert {"spi_acs_search.json", "spi_acs_lc.fits"} <= names
        polar = next(part for part in record["instruments"] if part["instrument"] == "polar")
        assert (polar["status"], polar["reason"]) == ("no-data", "NotOperating")
        assert _post(client, _notice(number, ra=197.45, dec=-23.38, ra_dec_error=0.1))["state"] == "taken-up"
        _check_gallery(client, key, record)

        _post(client, _notice(number, alert_type="retraction", record_number=2))
        _until(client, key, lambda one: one["state"] == "RETRACTED")
        deadline = time.monotonic() + _PATIENCE_SECONDS
        words: list[str] = []
        while "retraction" not in words and time.monotonic() < deadline:
            message = channel.basic_get(queue, no_ack=True)
            if message is None:
                time.sleep(0.1)
            elif json.loads(message.body)["id"] == [key]:
                words.append(json.loads(message.body)["alert_type"])
        assert (words[0], words[-1]) == ("initial", "retraction")
        assert set(words[1:-1]) <= {"update"}  # none where all was in the store


def _check_gallery(client: httpx.Client, key: str, record: dict[str, Any]) -> None:
    found = client.get("/transients", params={"text": key, "instrument": "spiacs", "t1": _T0, "t2": _T0}).json()
    assert [(one["event_key"], one["simulated"]) for one in found["transients"]] == [(key, True)]
    assert found["transients"][0]["version"] >= record["version"], "a list is never behind a record"
    shown = client.get(f"/transients/{key}").json()
    assert {one["instrument"] for one in shown["no_data"]} >= {"polar"}
    (link,) = shown["light_curves"]
    curve = client.get(link["series"].removeprefix("/api/v1")).raise_for_status().json()
    (series,) = curve["series"]
    assert (curve["bin_s"], curve["t0"], len(series["time_s"])) == (pytest.approx(0.1), f"{_T0}Z", 6000)
    assert (series["time_s"][0], series["time_s"][-1]) == (
        pytest.approx(-299.95, abs=0.06),
        pytest.approx(299.95, abs=0.06),
    )
    assert sum(series["rate"]) / 6000 == pytest.approx(1.1e5, rel=0.05)


@pytest.mark.usefixtures("days")
def test_an_event_with_its_sky_map_is_localised_and_shown(client: httpx.Client, shared_data: Path) -> None:
    receipt = _post(client, _MERGER.with_map(find_maps(shared_data, [_MERGER])[_MERGER.event_key]))
    transport = Transport(str(client.base_url).removesuffix("/api/v1/"))
    record = settled_record(transport, _MERGER.event_key, receipt_id=receipt["receipt_id"], seconds=_PATIENCE_SECONDS)
    assert record["answer"].startswith(f"GW GW150914 (simulated data) at {_MERGER.time}: SPI-ACS: ")
    shown = client.get("/transients/GW150914").json()
    summary = shown["localisation"]
    # The areas that the map has by another program, and the limits that INTEGRAL's team published of this event.
    assert summary["sky_map"]["area_90_deg2"] == pytest.approx(179.9, rel=0.01)
    assert summary["sky_map"]["area_50_deg2"] == pytest.approx(52.1, rel=0.01)
    hard = shown["limits"][0]["region_90"]
    assert 2e-8 < hard["min"] <= hard["max"] < 1e-6
    assert {(one["instrument"], one["when"]) for one in summary["coverage"]} >= {
        ("isgri", "prompt"),
        ("jemx", "follow_up"),
    }
    picture = client.get(shown["picture"].removeprefix("/api/v1"), follow_redirects=True)
    assert picture.content.startswith(b"\x89PNG")
    manifest = client.get(shown["picture"].removeprefix("/api/v1").removesuffix("/preview.png")).json()
    assert manifest["summary"]["simulated"] == "odamesh simulator, acs-gw150914 at 268 -27, seed 1"


def test_a_trigger_of_today_is_told_at_once_that_there_are_no_data(client: httpx.Client, shared_data: Path) -> None:
    body = (shared_data / "alerts/grb/SVOM-sb26042801-grm-noposition.xml").read_bytes()
    told = client.post("/alerts", content=body, headers={"Content-Type": "application/xml"}).json()
    record = _until(client, told["event_key"], lambda one: bool(one["instruments"]))
    assert {part["reason"] for part in record["instruments"]} == {"NotOperating"}
    assert "operations ended on 2025-02-28" in record["answer"]


def test_operators_see_and_command_events_from_a_terminal(client: httpx.Client, tmp_path: Path) -> None:
    number = str(time.time_ns())
    (tmp_path / "notice.json").write_bytes(_notice(number, trigger_time="2026-05-01T00:00:00Z"))

    def command(*words: str) -> str:
        url = str(client.base_url).removesuffix("/api/v1/")
        run = [sys.executable, "-m", "odamesh", "alerts", *words, "--url", url]
        done = subprocess.run(run, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return done.stdout

    assert f"drill:{number}" in command("post", str(tmp_path / "notice.json"))
    _until(client, f"drill:{number}", lambda one: bool(one["instruments"]))
    assert f"drill:{number}" in command("list")
    assert "operations ended on 2025-02-28" in command("show", f"drill:{number}")
    command("retract", f"drill:{number}", "--reason", "a test")
    _until(client, f"drill:{number}", lambda one: one["state"] == "WITHDRAWN")
    command("replay", "--event", f"drill:{number}")
    _until(client, f"drill:{number}", lambda one: one["state"] == "ACTIVE")
    command("mute", f"drill:{number}")
    command("approve", f"drill:{number}")
