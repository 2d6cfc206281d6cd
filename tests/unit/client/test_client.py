"""The Python client: instruments as attributes, jobs that can be watched, taken up and saved."""

import hashlib
import threading
import time
from collections.abc import Callable
from pathlib import Path

import pytest

import odamesh
from mesh.contracts import Failure
from mesh.states import FailureKind, JobState, UnitState
from odamesh.errors import DamagedDownload, MeshUnavailable, NoSuchSource, NoSuchThing, RequestRefused
from odamesh.job import JobAborted, JobFailed
from odamesh.transport import Transport
from tests.unit.client.conftest import Service
from tests.unit.gateway.doubles import key_of, manifest, stage_product, unit_row

_SCWS = ["201600270010", "201600280010"]
_LABELS = [f"{scw}.001" for scw in _SCWS]


def _play(service: Service, job_id: str, state: JobState = JobState.COMPLETED) -> Callable[[], None]:
    """Play a short run in a thread of its own; return a function that waits for its end."""

    def run() -> None:
        service.records.plan(job_id, _LABELS)
        for label in _LABELS:
            for now in (UnitState.RUNNING, UnitState.DONE):
                service.records.move(job_id, unit_row("image", label, now, step="image"))
                time.sleep(0.05)
        service.records.move(job_id, unit_row("mosaic", "job", UnitState.DONE))
        service.records.finish(job_id, state)

    thread = threading.Thread(target=run)
    thread.start()
    return thread.join


def test_instruments_and_products_are_attributes_with_help(service: Service) -> None:
    mesh = service.mesh()
    assert "isgri" in dir(mesh)
    assert "image" in dir(mesh.isgri)
    assert "bands: Energy bands" in str(mesh.isgri.image.__doc__)
    with pytest.raises(AttributeError, match="it has: isgri"):
        mesh.spi  # noqa: B018
    with pytest.raises(AttributeError, match="it makes: image"):
        mesh.isgri.picture  # noqa: B018


def test_connect_takes_the_address_from_the_environment(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ODAMESH_URL", f"{service.url}/")
    with odamesh.connect() as mesh:
        assert service.url in repr(mesh)


def test_a_request_becomes_the_analysis_that_the_caller_meant(service: Service) -> None:
    job = service.mesh().isgri.image(
        t1="2018-10-29T00:00:00",
        t2="2018-10-30T00:00:00",
        ra=266.4,
        dec=-29,
        radius=10,
        max_pointings=5,
        bands=[(20, 40), (40, 80)],
        lane="batch",
        user="ada",
        wait=False,
    )
    (analysis,) = service.records.analyses.values()
    assert analysis.parameters["bands"] == [[20.0, 40.0], [40.0, 80.0]]
    assert analysis.selection.cone is not None
    assert (analysis.selection.cone.radius, analysis.selection.max_pointings) == (10.0, 5)
    assert (job.view.user, job.view.lane.value, job.state) == ("ada", "batch", JobState.PENDING)
    assert job.link == f"{service.url}/api/v1/jobs/{job.id}"


@pytest.mark.parametrize(
    ("given", "missing"), [({"t1": "2018-10-29"}, "t2"), ({"ra": 1.0, "dec": 2.0}, "radius")], ids=["time", "cone"]
)
def test_halves_of_a_selection_are_named(service: Service, given: dict[str, object], missing: str) -> None:
    with pytest.raises(odamesh.IncompleteSelection, match=missing):
        service.mesh().isgri.image(wait=False, **given)  # type: ignore[arg-type]


def test_refusals_carry_every_field(service: Service) -> None:
    with pytest.raises(RequestRefused) as caught:
        service.mesh().isgri.image(scws=["x"], bands=[(5, 40)])
    assert [error.field for error in caught.value.errors] == ["parameters.bands[0]", "selection.scws[0]"]
    assert "15 <=" in str(caught.value.errors[0].allowed)


def test_watching_shows_the_whole_table_and_ends(service: Service) -> None:
    job = service.mesh().isgri.image(scws=_SCWS, wait=False)
    ended = _play(service, job.id)
    seen = list(job.watch())
    ended()
    assert seen[-1].ended
    assert seen[-1].settled == seen[-1].view.total == 3
    assert {row.state for row in seen[-1].rows.values()} == {UnitState.DONE}
    assert job.state is JobState.COMPLETED


def test_a_broken_stream_is_taken_up_where_it_broke(service: Service) -> None:
    job = service.mesh().isgri.image(scws=_SCWS, wait=False)
    service.records.plan(job.id, _LABELS)
    for label in _LABELS:
        service.records.move(job.id, unit_row("image", label, UnitState.DONE))
    service.cuts = 2
    ended = _play_rest(service, job.id)
    rows = {}
    for progress in job.watch():
        rows = progress.rows
    ended()
    assert len(service.positions) == 3
    assert service.positions[0] is None
    assert service.positions[1] is not None
    assert {row.state for row in rows.values()} == {UnitState.DONE}


def _play_rest(service: Service, job_id: str) -> Callable[[], None]:
    def run() -> None:
        while len(service.positions) < 3:
            time.sleep(0.02)
        service.records.move(job_id, unit_row("mosaic", "job", UnitState.DONE))
        service.records.finish(job_id)

    thread = threading.Thread(target=run)
    thread.start()
    return thread.join


def test_waiting_raises_with_the_reason(service: Service) -> None:
    job = service.mesh().isgri.image(scws=_SCWS, wait=False)
    failure = Failure(kind=FailureKind.USAGE, reason="EmptyImageList", text="no window gave an image")
    service.records.finish(job.id, JobState.ERROR, failure=failure)
    with pytest.raises(JobFailed, match="EmptyImageList: no window gave an image") as caught:
        job.wait()
    assert caught.value.job is job


def test_cancelling(service: Service) -> None:
    job = service.mesh().isgri.image(scws=_SCWS, wait=False)
    job.cancel()
    assert service.publisher.sent[-1][0] == "cancel.isgri"
    service.records.finish(job.id, JobState.ABORTED)
    assert job.cancel().state is JobState.ABORTED
    with pytest.raises(JobAborted):
        job.wait()


def test_jobs_are_found_again(service: Service) -> None:
    mesh = service.mesh()
    ids = [mesh.isgri.image(scws=_SCWS, wait=False, user="ada").id for _ in range(3)]
    assert [job.id for job in mesh.jobs(user="ada", limit=2)] == ids[:0:-1]
    assert mesh.job(ids[0]).id == ids[0]
    with pytest.raises(NoSuchThing):
        mesh.job("0" * 32)


def test_the_table_comes_whole_or_by_state(service: Service) -> None:
    job = service.mesh().isgri.image(scws=_SCWS, wait=False)
    service.records.plan(job.id, [f"{number:04d}00010010.001" for number in range(1, 2101)])
    assert len(job.table()) == 2101
    assert [row.label for row in job.table([UnitState.WAITING])] == ["job"]


def test_products_are_saved_checked_and_not_fetched_twice(service: Service, tmp_path: Path) -> None:
    content = b"SIMPLE  =                    T"
    product = stage_product("mosaic", "job", {"mosaic.fits": hashlib.sha256(content).hexdigest()})
    service.products.files[key_of("mosaic", "job"), "mosaic.fits"] = content
    job = service.mesh().isgri.image(scws=_SCWS, wait=False)
    service.records.finish(job.id, products=(product,))
    (path,) = job.download(tmp_path)
    assert path == tmp_path / "mosaic" / "mosaic.fits"
    assert path.read_bytes() == content
    service.products.files.clear()
    assert job.download(tmp_path) == [path]


def test_every_product_is_there_however_many(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("odamesh.job._PAGE", 2)
    job = service.mesh().isgri.image(scws=_SCWS, wait=False)
    every = tuple(stage_product("image", f"w{number}", {"sky.fits": "00"}) for number in range(5))
    service.records.results[job.id] = every
    service.records.finish(job.id, products=every[:1], products_total=5)
    assert job.refresh().products == every


def test_products_of_the_windows_come_when_asked_for(service: Service, tmp_path: Path) -> None:
    sha = hashlib.sha256(b"image").hexdigest()
    job = service.mesh().isgri.image(scws=_SCWS, wait=False)
    row = unit_row("image", _SCWS[0], UnitState.DONE)
    service.records.plan(job.id, [_SCWS[0]])
    service.records.move(job.id, row)
    service.products.manifests[row.key] = manifest(row.key, {"sky.fits": sha})
    service.products.files[row.key, "sky.fits"] = b"image"
    service.records.finish(job.id, products=(stage_product("mosaic", "job", {}),))
    assert job.download(tmp_path) == []
    assert job.download(tmp_path, windows=True) == [tmp_path / "image" / _SCWS[0] / "sky.fits"]


def test_a_damaged_product_is_not_kept(service: Service, tmp_path: Path) -> None:
    product = stage_product("mosaic", "job", {"mosaic.fits": "0" * 64})
    service.products.files[key_of("mosaic", "job"), "mosaic.fits"] = b"damaged"
    job = service.mesh().isgri.image(scws=_SCWS, wait=False)
    service.records.finish(job.id, products=(product,))
    with pytest.raises(DamagedDownload):
        job.download(tmp_path)
    assert not any(path.is_file() for path in tmp_path.rglob("*"))


def test_a_gateway_that_is_not_ready_is_asked_again_and_the_job_is_one(service: Service) -> None:
    mesh = service.mesh()
    service.refusals = 2
    job = mesh.isgri.image(scws=_SCWS, wait=False)
    assert list(service.records.views) == [job.id]


def test_nobody_there_is_said_clearly() -> None:
    with pytest.raises(MeshUnavailable, match="is the mesh up"):
        Transport("http://127.0.0.1:9", attempts=1).get("/api/v1/instruments")


def test_the_files_of_one_source_are_found_by_its_name(service: Service, tmp_path: Path) -> None:
    content = {"isgri_spectrum_GX_1+4.fits": b"one", "isgri_spectrum_Crab.fits": b"two", "isgri_rmf.fits": b"shared"}
    sums = {name: hashlib.sha256(body).hexdigest() for name, body in content.items()}
    product = stage_product("spectrum_sum", "job", sums)
    for name, body in content.items():
        service.products.files[product.key, name] = body
    sources = [
        {"name": "GX 1+4", "files": ["isgri_spectrum_GX_1+4.fits"]},
        {"name": "Crab", "files": ["isgri_spectrum_Crab.fits"]},
    ]
    made = manifest(product.key, sums)
    service.products.manifests[product.key] = made.model_copy(update={"summary": {"sources": sources}})
    job = service.mesh().isgri.isgri_spectrum(scws=_SCWS, wait=False)
    service.records.finish(job.id, products=(product,))
    job.refresh()
    assert job.sources == ("GX 1+4", "Crab")
    names = [path.name for path in job.download(tmp_path, source="gx1+4")]
    assert sorted(names) == ["isgri_rmf.fits", "isgri_spectrum_GX_1+4.fits"]
    with pytest.raises(NoSuchSource, match=r"there are: GX 1\+4, Crab"):
        job.download(tmp_path, source="Vela X-1")
