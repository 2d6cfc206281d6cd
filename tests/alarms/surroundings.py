"""What causes have around them: the gateway for their calls, figures of a process, alarms as Prometheus has them."""

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx
from prometheus_client.parser import text_string_to_metric_families

from infra.stack import mesh_processes
from tests.chaos.ground import Ground

_CALL_S = 60.0
_OVER_S = 120.0


@contextmanager
def gateway() -> Iterator[httpx.Client]:
    """Open a client of the gateway's interface, for the duration of the block."""
    url = f"http://127.0.0.1:{mesh_processes.ports()['gateway']}/api/v1"
    with httpx.Client(base_url=url, timeout=_CALL_S, trust_env=False) as client:
        yield client


def post_notice() -> str:
    """Post a notice of a new event, after the end of the mission; returns the event's key."""
    number = str(time.time_ns())
    body = {"mission": "Alarmdrill", "id": [number], "trigger_time": "2026-05-01T00:00:00Z"}
    with gateway() as client:
        client.post(
            "/alerts", content=json.dumps(body), headers={"Content-Type": "application/json"}
        ).raise_for_status()
    return f"alarmdrill:{number}"


def figure(process: str, name: str, **labels: str) -> float | None:
    """Return what a process of the mesh tells of itself; None while it tells nothing of that name and those labels."""
    address = f"http://127.0.0.1:{mesh_processes.ports()[process]}/metrics"
    try:
        page = httpx.get(address, timeout=5, trust_env=False).raise_for_status().text
    except httpx.HTTPError:
        return None
    samples = (sample for family in text_string_to_metric_families(page) for sample in family.samples)
    return next((one.value for one in samples if one.name == name and labels.items() <= one.labels.items()), None)


def until_over(ground: Ground, alarm: str) -> None:
    """Wait until the rules find no cause of an alarm any more."""
    url = f"{ground.stack.prometheus.address}/api/v1/alerts"

    def over() -> bool:
        found = httpx.get(url, timeout=5, trust_env=False).raise_for_status().json()["data"]["alerts"]
        return all(one["labels"]["alertname"] != alarm for one in found)

    ground.until(over, f"the end of {alarm}", _OVER_S, look_s=1.0)
