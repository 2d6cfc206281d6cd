"""How fast alerts are taken, and how soon a record says what there is of them."""

import base64
import json
import os
import statistics
import time
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path
from threading import Barrier
from typing import Any

import httpx

from infra.transients.known import GW170817
from infra.transients.simulated_days import simulate_day
from mesh.settings import Settings
from mesh.store import names
from mesh.store.objects import Objects

_AT_ONCE, _ROUNDS = 50, 4
_MAP_BYTES = 780_000
_SENDERS = 8
_STORM = {"xml": 1000, "json_1mb": 100}
_WHOLE_STORM = {"xml": 5000, "json_1mb": 500}
"""With ``ODAMESH_BENCH_WHOLE`` in the environment: what the goals are set for."""
_LIMIT_S = 600.0
_LONGEST_S = 1.0
"""Of a storm, for each of its messages: however slowly, it comes to its end."""
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


def alert_ack_ms(client: httpx.Client, settings: Settings) -> dict[str, float]:
    """Return p50 and p99 of how long 50 senders of 1 MB each at once wait for their answer, in milliseconds.

    Beside them, as their floor, the same of 50 plain writes of these bytes to the store, of which each answer has one.
    """
    _post(client, _large("warm"))

    def post(bodies: Sequence[bytes]) -> list[float]:
        def send(body: bytes) -> None:
            _post(own.pop(), body)

        with ExitStack() as connections:
            own = [connections.enter_context(httpx.Client(base_url=client.base_url, timeout=60)) for _ in bodies]
            for one in own:
                one.get("/livez")  # the connection is there
            return _together_ms(send, bodies)

    objects = Objects(settings.connections("gateway").store)

    def write(bodies: Sequence[bytes]) -> list[float]:
        return _together_ms(
            lambda body: objects.put_new(names.alert_raw_object(sha256(body).hexdigest()), body), bodies
        )

    found: dict[str, float] = {}
    for prefix, work in (("", post), ("floor_", write)):
        waited = [
            one
            for number in range(_ROUNDS)
            for one in work([_large(f"ack{number}-{place}") for place in range(_AT_ONCE)])
        ]
        cuts = statistics.quantiles(waited, n=100, method="inclusive")
        found |= {f"{prefix}p50": round(cuts[49], 1), f"{prefix}p99": round(cuts[98], 1)}
    return found


def alert_no_data_s(client: httpx.Client) -> dict[str, float]:
    """Return the longest of five times from the post of a trigger of today to a record of no data, and why.

    Once with nothing else to do, and once right behind 200 mocks of 1 MB, which are most of what brokers send.
    """

    def told(record: dict[str, Any]) -> bool:
        return {one["reason"] for one in record["instruments"]} == {"NotOperating"}

    def longest() -> float:
        return max(_until(client, _notice(f"today{number}", alert_tense="current"), told) for number in range(5))

    idle = longest()
    mocks = [_large(f"mock{number}") for number in range(_ROUNDS * _AT_ONCE)]
    keys = _spread(client, mocks, lambda own, body: str(_post(own, body)["event_key"]))
    behind = longest()
    _until_recorded(client, keys)
    return {"idle": idle, "behind_200_mocks": behind}


def alert_to_record_s(client: httpx.Client) -> float:
    """Return the seconds from the post of GW170817 to a record with the search and the coverage of its map."""
    _merger(client, "2017-08-17T12:41:03.430Z")  # warms the containers
    return _merger(client, GW170817.time)


def alert_storm_per_s(client: httpx.Client) -> dict[str, float]:
    """Return how many alerts a second get a record, of small and of large ones; how many are lost or doubled."""
    found: dict[str, float] = {}
    lost = doubled = 0
    makers = {"xml": _small, "json_1mb": _large}
    for name, messages in (_WHOLE_STORM if os.environ.get("ODAMESH_BENCH_WHOLE") else _STORM).items():
        bodies = [makers[name](f"storm{number}") for number in range(messages)]
        found[f"{name}_messages"] = messages
        begin = time.monotonic()
        keys = _spread(client, bodies, lambda own, body: str(_post(own, body)["event_key"]))
        found[f"{name}_taken"] = round(len(bodies) / (time.monotonic() - begin), 1)
        _until_recorded(client, keys)
        found[name] = round(len(bodies) / (time.monotonic() - begin), 1)
        counts = _spread(client, keys, _versions)
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
    """Return how many notices an event has that has a record; 0 without one."""
    answer = client.get(f"/api/v1/alerts/events/{key}")
    return len(answer.json()["versions"]) if answer.status_code == httpx.codes.OK and answer.json()["record"] else 0


def _until_recorded(client: httpx.Client, keys: Sequence[str]) -> None:
    """Wait until each event has a record, and as little as can be in the way of what is measured.

    The list is read only when the one that was posted last of those that lack a record has got its own. Of an event
    that never gets one, the counts afterwards tell.
    """
    end, missing = time.monotonic() + _LIMIT_S + _LONGEST_S * len(keys), list(keys)
    while missing and time.monotonic() < end:
        if not _versions(client, missing[-1]):
            time.sleep(0.2)
            continue
        recorded: set[str] = set()
        page: str | None = "/api/v1/alerts/events?limit=100"
        while page and not recorded.issuperset(missing):
            told = client.get(page).raise_for_status().json()
            recorded |= {one["event_key"] for one in told["events"] if one["version"]}
            page = told["next"]
        missing = [key for key in missing if key not in recorded]


def _together_ms(work: Callable[[bytes], object], bodies: Sequence[bytes]) -> list[float]:
    """Do something with each of some bodies, all at the same moment, and return how long each took."""
    together = Barrier(len(bodies))

    def one(body: bytes) -> float:
        together.wait()
        begin = time.perf_counter()
        work(body)
        return 1000 * (time.perf_counter() - begin)

    with ThreadPoolExecutor(len(bodies)) as pool:
        return list(pool.map(one, bodies))


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
