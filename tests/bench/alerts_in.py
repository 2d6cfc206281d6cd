"""How fast alerts are taken, and how soon a record says what there is of them."""

import base64
import json
import os
import statistics
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx

from infra.transients.known import GW170817
from infra.transients.simulated_days import simulate_day

_AT_ONCE, _ROUNDS = 50, 4
_MAP_BYTES = 780_000
_SENDERS = 8
_XML, _JSON = 5000, 500
_LIMIT_S = 600.0
_CIRCLE = {"ra": 196.304, "dec": -21.302, "ra_dec_error": 2.27}
_HEADER = b"SIMPLE  =                    T".ljust(80) + b"NAXIS   =                    0".ljust(80) + b"END".ljust(2720)
_VOEVENT = """<?xml version="1.0"?>
<voe:VOEvent xmlns:voe="http://www.ivoa.net/xml/VOEvent/v2.0" ivorn="ivo://bench/storm#{ident}" role="test"
version="2.0">
<Who><Date>{now}</Date></Who><What><Param name="TrigID" value="{ident}"/></What>
<WhereWhen><ObsDataLocation><ObservationLocation><AstroCoordSystem id="UTC-FK5-GEO"/><AstroCoords><Time><TimeInstant>
<ISOTime>{now}</ISOTime></TimeInstant></Time></AstroCoords></ObservationLocation></ObsDataLocation></WhereWhen>
</voe:VOEvent>"""


def write_merger(archive: Path) -> None:
    """Put the simulated hours around GW170817 into the archive of the measurement."""
    simulate_day(archive, GW170817.scenario, own=True)


def alert_ack_ms(client: httpx.Client) -> dict[str, float]:
    """Return p50 and p99 of how long 50 senders of 1 MB each at once wait for their answer, in milliseconds."""
    _post(client, _large("warm"))
    waited: list[float] = []
    for number in range(_ROUNDS):
        bodies = [_large(f"ack{number}-{one}") for one in range(_AT_ONCE)]
        together = Barrier(_AT_ONCE)

        def send(body: bytes, together: Barrier = together) -> float:
            with httpx.Client(base_url=client.base_url, timeout=60) as own:
                own.get("/livez")  # the connection is there
                together.wait()
                begin = time.perf_counter()
                _post(own, body)
                return 1000 * (time.perf_counter() - begin)

        with ThreadPoolExecutor(_AT_ONCE) as pool:
            waited += pool.map(send, bodies)
    cuts = statistics.quantiles(waited, n=100, method="inclusive")
    return {"p50": round(cuts[49], 1), "p99": round(cuts[98], 1)}


def alert_to_record_s(client: httpx.Client) -> float:
    """Return the seconds from the post of GW170817 to a record with the search and the coverage of its map."""
    _merger(client, "2017-08-17T12:41:03.430Z")  # warms the containers
    return _merger(client, GW170817.time)


def alert_no_data_s(client: httpx.Client) -> float:
    """Return the longest of five times from the post of a trigger of today to a record of no data, and why."""

    def told(record: dict[str, Any]) -> bool:
        return {one["reason"] for one in record["instruments"]} == {"NotOperating"}

    return max(_until(client, _notice(f"today{number}"), told) for number in range(5))


def alert_storm_per_s(client: httpx.Client) -> dict[str, float]:
    """Return how many alerts a second get a record, of 5000 small and 500 large ones; how many are lost or doubled."""
    found: dict[str, float] = {}
    lost = doubled = 0
    for name, bodies in (
        ("xml", [_small(f"{number}") for number in range(_XML)]),
        ("json_1mb", [_large(f"storm{number}") for number in range(_JSON)]),
    ):
        begin = time.monotonic()
        keys = _spread(client, bodies, lambda own, body: str(_post(own, body)["event_key"]))
        counts = _spread(client, keys, _versions)
        found[name] = round(len(bodies) / (time.monotonic() - begin), 1)
        lost += counts.count(0) + len(bodies) - len(set(keys))
        doubled += sum(count > 1 for count in counts)
    return {**found, "lost": lost, "doubled": doubled}


def _merger(client: httpx.Client, time_utc: str) -> float:
    body = json.loads(GW170817.notice(**_CIRCLE)) | {"id": [f"bench-{uuid.uuid4().hex[:8]}"], "trigger_time": time_utc}

    def told(record: dict[str, Any]) -> bool:
        return any(one["state"] == "COMPLETED" and one["results"].get("coverage") for one in record["localisation"])

    return _until(client, json.dumps(body).encode(), told)


def _until(client: httpx.Client, body: bytes, holds: Callable[[dict[str, Any]], bool]) -> float:
    """Post a notice and return the seconds until something holds of the record of its event."""
    begin = time.monotonic()
    key = _post(client, body)["event_key"]
    while time.monotonic() - begin < _LIMIT_S:
        answer = client.get(f"/api/v1/alerts/events/{key}/record")
        if answer.status_code == httpx.codes.OK and holds(answer.json()):
            return round(time.monotonic() - begin, 3)
        time.sleep(0.02)
    msg = f"{key} has no such record after {_LIMIT_S:g} s"
    raise TimeoutError(msg)


def _versions(client: httpx.Client, key: str) -> int:
    """Return how many notices an event has once it has a record; 0 if it never gets one."""
    end = time.monotonic() + _LIMIT_S
    while time.monotonic() < end:
        answer = client.get(f"/api/v1/alerts/events/{key}")
        if answer.status_code == httpx.codes.OK and answer.json()["record"]:
            return len(answer.json()["versions"])
        time.sleep(0.05)
    return 0


def _spread(client: httpx.Client, items: Sequence[Any], work: Callable[[httpx.Client, Any], Any]) -> list[Any]:
    """Do something about each item with some senders, each with a connection of its own; results in order."""

    def share(first: int) -> list[Any]:
        with httpx.Client(base_url=client.base_url, timeout=60) as own:
            return [work(own, item) for item in items[first::_SENDERS]]

    with ThreadPoolExecutor(_SENDERS) as pool:
        shares = list(pool.map(share, range(_SENDERS)))
    return [shares[place % _SENDERS][place // _SENDERS] for place in range(len(items))]


def _post(client: httpx.Client, body: bytes) -> dict[str, Any]:
    answer = client.post("/api/v1/alerts", content=body, headers={"Content-Type": "application/octet-stream"})
    told: dict[str, Any] = answer.raise_for_status().json()
    return told


def _notice(ident: str, **fields: Any) -> bytes:
    body = {
        "mission": "Bench",
        "id": [f"{ident}-{uuid.uuid4().hex[:8]}"],
        "alert_tense": "test",
        "trigger_time": _now(),
    }
    return json.dumps({**body, **fields}).encode()


def _large(ident: str) -> bytes:
    """Return a notice of some 1 MB, most of it a map."""
    return _notice(ident, healpix_file=base64.b64encode(_HEADER + os.urandom(_MAP_BYTES)).decode())


def _small(ident: str) -> bytes:
    return _VOEVENT.format(ident=f"{ident}-{uuid.uuid4().hex[:8]}", now=_now()[:-1]).encode()


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
