"""The Python client: instruments as attributes, jobs that can be watched, taken up and saved."""

import hashlib
import threading
import time
from collections.abc import Callable
from datetime import datetime, timedelta, timezone
from pathlib import Path

import astropy.units as u
import matplotlib
import matplotlib.pyplot as plt
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits
from astropy.table import Table
from astropy.time import Time

import odamesh
from mesh.contracts import Failure
from mesh.states import FailureKind, JobState, UnitState
from odamesh.errors import (
    AmbiguousId,
    DamagedDownload,
    MeshUnavailable,
    NoSuchSource,
    NoSuchThing,
    RequestRefused,
    WouldOverwrite,
    WrongValue,
)
from odamesh.instrument_client import short_name
from odamesh.job_record import JobAborted, JobFailed
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
    assert job.address == f"{service.url}/api/v1/jobs/{job.id}"
    assert job.link == f"{service.url}/r/{job.view.request_key[:20]}"


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
    assert tuple(product.part for product in job.refresh().products) == every


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


def test_of_two_sources_that_differ_in_capitals_the_exact_name_counts(service: Service, tmp_path: Path) -> None:
    files = {"upper.fits": b"upper", "lower.fits": b"lower"}
    sums = {name: hashlib.sha256(body).hexdigest() for name, body in files.items()}
    product = stage_product("spectrum_sum", "job", sums)
    for name, body in files.items():
        service.products.files[product.key, name] = body
    sources = [{"name": "GX 1+4", "files": ["upper.fits"]}, {"name": "gx 1+4", "files": ["lower.fits"]}]
    made = manifest(product.key, sums).model_copy(update={"summary": {"sources": sources}})
    service.products.manifests[product.key] = made
    job = service.mesh().isgri.spectrum(scws=_SCWS, wait=False)
    service.records.finish(job.id, products=(product,))
    assert [path.name for path in job.download(tmp_path, source="gx 1+4")] == ["lower.fits"]
    with pytest.raises(NoSuchSource, match=r"'GX 1\+4', 'gx 1\+4': write the name exactly"):
        job.download(tmp_path, source="Gx1+4")


def _with_product(service: Service, content: bytes, name: str = "mosaic.fits") -> odamesh.Job:
    product = stage_product("mosaic", "job", {name: hashlib.sha256(content).hexdigest()})
    key = hashlib.sha256(content).hexdigest()
    service.products.files[key, name] = content
    job = service.mesh().isgri.image(scws=_SCWS, wait=False)
    service.records.finish(job.id, products=(product.model_copy(update={"key": key}),))
    return job.refresh()


def test_files_of_another_job_are_not_overwritten(service: Service, tmp_path: Path) -> None:
    (path,) = _with_product(service, b"first").download(tmp_path)
    second = _with_product(service, b"second")
    with pytest.raises(WouldOverwrite, match=r"mosaic\.fits"):
        second.download(tmp_path)
    assert path.read_bytes() == b"first"
    assert second.download(tmp_path, overwrite=True) == [path]
    assert path.read_bytes() == b"second"


def test_one_text_stands_for_a_list_of_windows(service: Service) -> None:
    service.mesh().isgri.image(scws=_SCWS[0], wait=False)
    (analysis,) = service.records.analyses.values()
    assert analysis.selection.scws == (_SCWS[0],)


def test_what_python_programs_hold_is_understood(service: Service) -> None:
    service.mesh().isgri.image(
        t1=Time("2018-10-29T00:00:00"),
        t2=datetime(2018, 10, 30, 2, tzinfo=timezone(timedelta(hours=2))),
        at=SkyCoord(266.4, -29.0, unit="deg"),
        radius=600 * u.arcmin,
        bands=[20, 40] * u.keV,
        detection_threshold=np.float32(7),
        catalogue=Table(rows=[{"name": "GX 1+4", "ra": 263.0, "dec": -24.75}]),
        wait=False,
    )
    (analysis,) = service.records.analyses.values()
    assert analysis.selection.time is not None
    assert (analysis.selection.time.t1, analysis.selection.time.t2) == ("2018-10-29T00:00:00", "2018-10-30T00:00:00")
    assert analysis.selection.cone is not None
    assert analysis.selection.cone.radius == pytest.approx(10)
    assert analysis.parameters["bands"] == [[20.0, 40.0]]
    assert analysis.parameters["detection_threshold"] == 7.0
    assert analysis.parameters["catalogue"] == [{"name": "GX 1+4", "ra": 263.0, "dec": -24.75}]


def test_the_text_of_a_refusal_names_every_field_and_reason(service: Service) -> None:
    with pytest.raises(RequestRefused) as caught:
        service.mesh().isgri.image(scws=["x"], bands=[(5, 40)], detection_threshold=1)
    text = str(caught.value)
    assert "parameters.bands[0]: 5-40 is out of range" in text
    assert "parameters.detection_threshold: 1 is out of range" in text
    assert "selection.scws[0]: 'x' is not a science window" in text


def test_a_wrong_value_is_refused_before_anything_is_sent(service: Service) -> None:
    mesh = service.mesh()
    for wrong in ({"ra": float("nan"), "dec": 0, "radius": 1}, {"t1": "yesterday", "t2": "2018-10-30"}):
        with pytest.raises(WrongValue):
            mesh.isgri.image(wait=False, **wrong)
    assert service.records.views == {}


def test_a_job_is_found_by_its_first_digits(service: Service) -> None:
    mesh = service.mesh()
    ids = [mesh.isgri.image(scws=_SCWS, wait=False).id for _ in range(3)]
    assert mesh.job(ids[0][:8]).id == mesh.job(ids[0][:8].upper()).id == ids[0]
    view = service.records.views[ids[0]]
    other = f"{ids[0][:12]}{'0' * 20}"
    service.records.views[other] = view.model_copy(update={"job_id": other})
    with pytest.raises(AmbiguousId, match=other):
        mesh.job(ids[0][:8])
    with pytest.raises(NoSuchThing):
        mesh.job("0000000")


def test_a_check_submits_nothing(service: Service) -> None:
    mesh = service.mesh()
    request = mesh.isgri.image.check(scws=_SCWS, bands=(20, 40))
    assert request["parameters"]["bands"] == [[20.0, 40.0]]
    assert request["parameters"]["catalogue"] == "reference"
    assert service.records.views == {}
    assert service.publisher.sent == []
    assert mesh.isgri.image(scws=_SCWS, bands=(20, 40), wait=False).view.request_key == request["request_key"]
    with pytest.raises(RequestRefused):
        mesh.isgri.image.check(scws=["x"])


def test_an_interrupted_wait_names_the_job(service: Service, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("odamesh.job.follow", interrupt)
    with pytest.raises(KeyboardInterrupt) as caught:
        service.mesh().isgri.image(scws=_SCWS)
    (job_id,) = service.records.views
    assert job_id in caught.value.__notes__[0]


def test_waiting_shows_id_and_progress_where_somebody_looks(
    service: Service, capsys: pytest.CaptureFixture[str]
) -> None:
    job = service.mesh().isgri.image(scws=_SCWS, wait=False)
    ended = _play(service, job.id)
    job.wait(progress=True)
    ended()
    shown = capsys.readouterr().err
    assert f"Job {job.id}" in shown
    assert "3 of 3" in shown


def test_products_are_opened_from_a_cache(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    job = _with_product(service, b'{"index": 2.1}', "fit.json")
    assert job.products[0].open() == job.open("fit.json") == {"index": 2.1}
    service.products.files.clear()
    assert job.open() == {"index": 2.1}
    with pytest.raises(NoSuchThing, match=r"it has: fit\.json"):
        job.products[0].open("mosaic.fits")


def test_fits_products_open_as_hdus(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    file = tmp_path / "made.fits"
    fits.PrimaryHDU(np.arange(4.0)).writeto(file)
    with _with_product(service, file.read_bytes()).open() as hdus:
        assert hdus[0].data.sum() == 6.0


def test_the_preview_is_plotted(service: Service, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    matplotlib.use("agg")
    picture = tmp_path / "made.png"
    plt.imsave(picture, np.zeros((30, 40)))
    axes = _with_product(service, picture.read_bytes(), "preview.png").plot()
    assert axes.images[0].get_size() == (30, 40)
    plt.close("all")
    with pytest.raises(NoSuchThing, match="no preview"):
        _with_product(service, b"x").plot()


def test_notebooks_draw_what_there_is(service: Service) -> None:
    mesh = service.mesh()
    job = mesh.isgri.image(scws=_SCWS, wait=False)
    service.records.plan(job.id, _LABELS)
    assert "isgri" in mesh._repr_html_()
    assert "image" in mesh.isgri._repr_html_()
    assert "detection_threshold" in mesh.isgri.image._repr_html_()
    assert job.id in job.refresh()._repr_html_()
    assert _LABELS[0] in job.table()._repr_html_()
    table = job.table().to_astropy()
    assert list(table["label"]) == [*_LABELS, "job"]


def test_short_names_are_those_after_the_instrument_however_it_is_written() -> None:
    assert short_name("spiacs", "spi_acs_lc") == "lc"
    assert short_name("isgri", "isgri_image") == "image"
    assert short_name("spectral_fit", "spectral_fit_models") == "models"
    assert short_name("spectral_fit", "spectral_fit") == "spectral_fit"


def test_products_of_every_instrument_have_a_short_name(service: Service) -> None:
    mesh = service.mesh()
    assert mesh.spiacs.lc.name == mesh.spiacs.spi_acs_lc.name == mesh.spiacs.spiacs_lc.name == "spi_acs_lc"
    assert mesh.polar.burst.name == "polar_burst"


@pytest.mark.parametrize("url", ["127.0.0.1:{port}", "http://127.0.0.1:{port}/", " localhost:{port} "])
def test_an_address_without_a_scheme_is_http(service: Service, url: str) -> None:
    with odamesh.connect(url.format(port=service.url.rpartition(":")[2])) as mesh:
        assert "isgri" in mesh.instruments


@pytest.mark.parametrize("url", ["ftp://mesh", "http://", "http://mesh:port"])
def test_what_is_no_address_is_said(url: str) -> None:
    with pytest.raises(WrongValue, match="is no address of a gateway"):
        odamesh.connect(url)
