"""The client for asyncio: the same jobs, many at once in one thread."""

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path

import pytest

import odamesh
from mesh.contracts import Failure
from mesh.states import FailureKind, JobState, UnitState
from tests.unit.client.conftest import Service
from tests.unit.gateway.doubles import stage_product, unit_row

_SCW = "201600270010"
_LABEL = f"{_SCW}.001"


def _end(service: Service, job_id: str, state: JobState = JobState.COMPLETED, **fields: object) -> None:
    service.records.plan(job_id, [_LABEL])
    for unit in (("image", _LABEL), ("mosaic", "job")):
        service.records.move(job_id, unit_row(*unit, UnitState.DONE))
    service.records.finish(job_id, state, **fields)


def test_many_jobs_are_waited_for_at_once(service: Service) -> None:
    async def work() -> list[JobState]:
        async with await odamesh.connect_async(service.url) as mesh:
            jobs = [await mesh.isgri.image(scws=_SCW, bands=(20, 40 + n), wait=False) for n in range(3)]
            waits = asyncio.gather(*(job.wait() for job in jobs))
            while len(service.positions) < 3:
                await asyncio.sleep(0.02)
            for job in jobs:
                _end(service, job.id)
            return [job.state for job in await waits]

    assert asyncio.run(work()) == [JobState.COMPLETED] * 3


def test_a_broken_stream_is_taken_up_and_the_table_comes_whole(service: Service) -> None:
    async def work() -> int:
        async with await odamesh.connect_async(service.url) as mesh:
            job = await mesh.isgri.image(scws=_SCW, wait=False)
            _end(service, job.id)
            service.cuts = 1
            rows = 0
            async for progress in job.watch():
                rows = len(progress.rows)
            assert len(await job.table()) == 2
            return rows

    assert asyncio.run(work()) == 2
    assert len(service.positions) == 2


def test_products_are_downloaded_and_nothing_is_overwritten(service: Service, tmp_path: Path) -> None:
    product = stage_product("mosaic", "job", {"mosaic.fits": hashlib.sha256(b"sky").hexdigest()})
    service.products.files[product.key, "mosaic.fits"] = b"sky"

    async def work() -> list[Path]:
        async with await odamesh.connect_async(service.url) as mesh:
            job = await mesh.isgri.image(scws=_SCW, wait=False)
            _end(service, job.id, products=(product,))
            found = await (await mesh.job(job.id[:8])).download(tmp_path)
            found[0].write_bytes(b"changed")
            with pytest.raises(odamesh.WouldOverwrite):
                await job.download(tmp_path)
            return await job.download(tmp_path, overwrite=True)

    (path,) = asyncio.run(work())
    assert path.read_bytes() == b"sky"


@pytest.mark.parametrize(
    ("act", "error"),
    [
        (lambda mesh: mesh.isgri.image(scws="x"), odamesh.RequestRefused),
        (lambda mesh: mesh.isgri.image(t1="soon", t2="later"), odamesh.WrongValue),
        (lambda mesh: mesh.job("0" * 32), odamesh.NoSuchThing),
        (lambda mesh: mesh.job("00000"), odamesh.NoSuchThing),
    ],
)
def test_errors_are_those_of_the_other_client(
    service: Service, act: Callable[[odamesh.AsyncMesh], object], error: type[Exception]
) -> None:
    async def work() -> None:
        async with await odamesh.connect_async(service.url) as mesh:
            with pytest.raises(error):
                await act(mesh)  # type: ignore[misc]

    asyncio.run(work())


def test_a_failed_job_raises_with_its_reason_and_a_cancelled_one_too(service: Service) -> None:
    failure = Failure(kind=FailureKind.SCIENCE, reason="EmptyImageList", text="isgri_image was not made")

    async def work() -> None:
        async with await odamesh.connect_async(service.url) as mesh:
            job = await mesh.isgri.image(scws=_SCW, wait=False)
            _end(service, job.id, JobState.ERROR, failure=failure)
            with pytest.raises(odamesh.JobFailed, match="EmptyImageList: isgri_image was not made"):
                await job.wait()
            other = await mesh.isgri.image(scws=_SCW, wait=False)
            await other.cancel()
            assert service.publisher.sent[-1][0] == "cancel.isgri"
            service.records.finish(other.id, JobState.ABORTED)
            with pytest.raises(odamesh.JobAborted):
                await other.wait()
            assert [job.id for job in await mesh.jobs(limit=1)] == [other.id]

    asyncio.run(work())


def test_nobody_there_is_said_clearly(monkeypatch: pytest.MonkeyPatch) -> None:
    async def at_once(_seconds: float) -> None:
        return

    monkeypatch.setattr("tenacity.asyncio._portable_async_sleep", at_once)
    with pytest.raises(odamesh.MeshUnavailable, match="is the mesh up"):
        asyncio.run(odamesh.connect_async("http://127.0.0.1:9"))
