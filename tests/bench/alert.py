"""How soon a unit of the alert lane starts while the user lane is saturated."""

import time

import httpx

from tests.bench.drill import drill_request, scw_ids, submit, wait
from tests.bench.fairness import saturated

_REPEATS = 5
_USER_UNIT_SECONDS = 2.0
_ALERT_UNIT_SECONDS = 0.5
_LIMIT_S = 60.0


def alert_start_s(client: httpx.Client) -> float:
    """Return the longest of five times from the submission of an alert to the start of its unit."""
    with saturated(client, seconds=_USER_UNIT_SECONDS):
        return max(_start_s(client) for _ in range(_REPEATS))


def _start_s(client: httpx.Client) -> float:
    body = drill_request(scw_ids(1), product="noop_windows", lane="alert", user="broker", seconds=_ALERT_UNIT_SECONDS)
    begin = time.monotonic()
    job = submit(client, body)
    while time.monotonic() - begin < _LIMIT_S:
        rows = client.get(f"/api/v1/jobs/{job}/units").raise_for_status().json()["rows"]
        if rows and rows[0]["state"] in {"running", "done"}:
            elapsed = time.monotonic() - begin
            wait(client, job, limit_s=_LIMIT_S)
            return elapsed
        time.sleep(0.01)
    msg = f"the unit of alert {job} did not start in {_LIMIT_S:g} s"
    raise TimeoutError(msg)
