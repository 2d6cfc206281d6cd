"""How long the whole mission of SPI-ACS takes to be planned, beside a floor: as many rows into a bare Redis."""

import time
import uuid
from pathlib import Path

import httpx

from mesh.archive.slices import Slice, index_path
from mesh.archive.times import ijd_from_utc, utc_from_ijd
from mesh.contracts import UnitRow
from mesh.settings import Settings
from mesh.states import UnitState
from mesh.store.connect import redis_client
from mesh.store.row_change import row_text
from tests.bench.drill import cancel, submit

_MISSION = ("2002-10-17T00:00:00", "2025-02-28T00:00:00")
_SLICES = 196_000
_PASSAGES = 3000
_BUNDLE = 250
_PAUSE_S, _LIMIT_S = 0.2, 600.0


def write_slices(archive: Path) -> None:
    """Have the archive list one slice of SPI-ACS, and three thousand times in which it was off."""
    part = Slice(6438, 12, 3600)
    folder = archive / part.folder("spiacs")
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "acs_counts.fits").write_bytes(b"never read: the job is cancelled once it is planned")
    first, last = map(ijd_from_utc, _MISSION)
    starts = [first + (last - first) * number / _PASSAGES for number in range(_PASSAGES)]
    lines = [f"{utc_from_ijd(start, 0)},{utc_from_ijd(start + 0.4, 0)},BELTS" for start in starts]
    for path, content in (
        (index_path("spiacs"), f"{part} acs_counts.fits\n"),
        ("aux/spiacs/off.csv", "\n".join(["start,stop,reason", *lines]) + "\n"),
    ):
        (archive / path).parent.mkdir(parents=True, exist_ok=True)
        (archive / path).write_text(content, encoding="utf-8")


def plan_200k_slices(client: httpx.Client) -> dict[str, float]:
    """Return the seconds from the submission of 196 000 slices until each has a row, and those of the floor.

    The floor writes as many rows, in bundles of the same size and in the same form, with a client and nothing else.
    """
    begin = time.monotonic()
    time_range = {"t1": _MISSION[0], "t2": _MISSION[1]}
    body = {"instrument": "spiacs", "product": "spi_acs_lc", "selection": {"time": time_range}}
    job = submit(client, body)
    while True:
        view = client.get(f"/api/v1/jobs/{job}").raise_for_status().json()
        if view["total"] >= _SLICES:
            break
        if view["state"] != "PENDING" or time.monotonic() - begin > _LIMIT_S:
            msg = f"the plan ended as {view['state']}: {view['failure']}"
            raise RuntimeError(msg)
        time.sleep(_PAUSE_S)
    elapsed = time.monotonic() - begin
    cancel(client, job)
    return {"plan_200k_slices_s": round(elapsed, 1), "plan_200k_floor_s": round(_floor_s(), 1)}


def _floor_s() -> float:
    index, name = redis_client(Settings().connections("admin").redis), f"bench:{uuid.uuid4().hex}"
    begin = time.monotonic()
    for start in range(0, _SLICES, _BUNDLE):
        pipeline = index.pipeline(transaction=False)
        for place in range(start, start + _BUNDLE):
            row = UnitRow(key="", stage="counts", label=f"{place}", state=UnitState.WAITING)
            pipeline.hset(name, f"counts/{place}", row_text(row))
        pipeline.execute()
    elapsed = time.monotonic() - begin
    index.unlink(name)
    index.close()
    return elapsed
