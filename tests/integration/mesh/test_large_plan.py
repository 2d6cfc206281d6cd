"""The whole mission of SPI-ACS is planned by the real dispatcher, which goes on with everything else meanwhile."""

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from infra.stack import mesh_processes
from mesh.archive.times import ijd_from_utc, utc_from_ijd
from mesh.states import JobState, job_is_final
from odamesh import Mesh
from tests.integration.mesh.windows import drill_windows

MISSION = ("2002-10-17T00:00:00", "2025-02-28T00:00:00")
SLICES = 196_000
"""At least; of an hour each."""


@pytest.fixture
def passages(archive: Path) -> Iterator[None]:
    """Three thousand times in which the instrument was off, in the archive of the mesh."""
    listed = archive / "aux" / "spiacs" / "off.csv"
    before = listed.read_bytes() if listed.exists() else None
    listed.parent.mkdir(parents=True, exist_ok=True)
    first, last = map(ijd_from_utc, MISSION)
    starts = [first + (last - first) * number / 3000 for number in range(3000)]
    lines = [f"{utc_from_ijd(start, 0)},{utc_from_ijd(start + 0.4, 0)},BELTS" for start in starts]
    listed.write_text("\n".join(["start,stop,reason", *lines]) + "\n", encoding="utf-8")
    yield
    if before is None:
        listed.unlink()
    else:
        listed.write_bytes(before)


@pytest.mark.usefixtures("rates", "passages")
def test_the_dispatcher_lives_on_while_a_whole_mission_is_planned_and_its_cancel_gets_through(mesh: Mesh) -> None:
    big = mesh.spiacs.spi_acs_lc(t1=MISSION[0], t2=MISSION[1], time_bin=10_000.0, wait=False)
    small = mesh.noop.noop(scws=drill_windows(2), salt=big.id, user="small", wait=False)
    answers = 0
    with httpx.Client(base_url=f"http://127.0.0.1:{mesh_processes.ports()['dispatcher']}", timeout=20) as health:
        while big.refresh().view.total < SLICES:
            assert big.state is JobState.PENDING, big.view.failure
            assert health.get("/livez").status_code == 200
            assert health.get("/readyz").json()["reasons"] == [], "it has its consumers all the time"
            answers += 1
    assert answers, "it answered while it planned"
    assert small.wait().state is JobState.COMPLETED

    again = mesh.spiacs.spi_acs_lc(t1=MISSION[0], t2=MISSION[1], time_bin=9_000.0, user="again", wait=False)
    again.cancel()
    big.cancel()
    for job in (again, big):
        while not job_is_final(job.refresh().state):
            time.sleep(0.2)
        assert job.state is JobState.ABORTED
