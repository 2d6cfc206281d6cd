"""How much longer a small request takes while somebody else's thousands of windows are being worked on."""

import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

import httpx

from tests.bench.drill import cancel, drill_request, scw_ids, submit, wait

_BIG, _SMALL = 5000, 10
_UNIT_SECONDS = 0.2
_REPEATS = 3


def fair_small_over_alone(client: httpx.Client) -> float:
    """Return the time of a 10-window request beside a 5 000-window one of another user, over its time alone."""
    alone = statistics.median(_small_s(client) for _ in range(_REPEATS))
    with saturated(client, seconds=_UNIT_SECONDS):
        beside = statistics.median(_small_s(client) for _ in range(_REPEATS))
    return beside / alone


@contextmanager
def saturated(client: httpx.Client, *, seconds: float) -> Iterator[None]:
    """Keep the user lane full with the 5 000 windows of one user for the duration of the block."""
    big = submit(client, drill_request(scw_ids(_BIG), product="noop_windows", user="big", seconds=seconds))
    try:
        while client.get(f"/api/v1/jobs/{big}").raise_for_status().json()["state"] != "EXECUTING":
            time.sleep(0.05)
        yield
    finally:
        cancel(client, big)
        wait(client, big, limit_s=60)


def _small_s(client: httpx.Client) -> float:
    begin = time.monotonic()
    body = drill_request(scw_ids(_SMALL), product="noop_windows", user="small", seconds=_UNIT_SECONDS)
    wait(client, submit(client, body), limit_s=300)
    return time.monotonic() - begin
