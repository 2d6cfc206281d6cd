"""Permanent links from the client's side, over a real socket."""

import hashlib
import zipfile
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

from mesh.states import JobState, UnitState
from odamesh.command import app
from odamesh.errors import DamagedDownload, NoSuchThing, OdameshError, RequestRefused, WouldOverwrite, WrongValue
from odamesh.exit_status import ExitStatus
from odamesh.links import parts_of
from tests.unit.client.conftest import Service
from tests.unit.gateway.doubles import key_of, manifest, stage_product, unit_row

_CONTENT = b"SIMPLE  ="


def _run(service: Service, *words: str) -> Result:
    return CliRunner().invoke(app, list(words), env={"ODAMESH_URL": service.url, "COLUMNS": "200"})


def _finish(service: Service) -> None:
    """Play the run of the job of the link."""
    (view,) = [view for view in service.records.views.values() if view.face == "link"]
    key, sha256 = key_of("mosaic", "job"), hashlib.sha256(_CONTENT).hexdigest()
    service.products.files[key, "mosaic.fits"] = _CONTENT
    service.products.manifests[key] = manifest(key, {"mosaic.fits": sha256})
    service.records.plan(view.job_id, [])
    service.records.move(view.job_id, unit_row("mosaic", "job", UnitState.DONE))
    made = stage_product("mosaic", "job", {"mosaic.fits": sha256})
    service.records.finish(view.job_id, products=(made,), products_total=1, finished="2026-11-30T08:00:00.000Z")


def test_a_link_is_opened_waited_for_and_downloaded(service: Service, tmp_path: Path) -> None:
    with service.mesh() as mesh:
        job = mesh.isgri.image(scws=["201600270010"], wait=False)
        link = mesh.open(job.link)
        assert (link.state, link.ended, link.address) == ("PENDING", False, job.link)
        _finish(service)
        assert link.wait().state == "COMPLETED"
        (path,) = link.download(tmp_path)
        assert (path, path.read_bytes()) == (tmp_path / "mosaic" / "mosaic.fits", _CONTENT)
        path.write_bytes(b"other")
        with pytest.raises(WouldOverwrite):
            link.download(tmp_path)
        assert mesh.cite(job.id) == job.cite() == mesh.cite(job.link) == mesh.cite(job.view.request_key)
        assert job.link in job.cite()
        assert job.cite(bibtex=True).startswith("@misc{")


def test_what_could_not_be_made_says_why(service: Service) -> None:
    with service.mesh() as mesh:
        link = mesh.open(mesh.isgri.image(scws=["201600270010"], wait=False).link)
        (view,) = [view for view in service.records.views.values() if view.face == "link"]
        service.records.finish(view.job_id, JobState.ERROR)
        with pytest.raises(OdameshError, match="not made: it is ERROR"):
            link.wait()
        with pytest.raises(NoSuchThing, match="nobody ever asked"):
            mesh.open("0" * 20)


def test_a_mesh_without_accounts_signs_nothing(service: Service) -> None:
    with service.mesh() as mesh, pytest.raises(RequestRefused, match="asks nobody"):
        mesh.isgri.image(scws=["201600270010"], wait=False).sign_link()


@pytest.mark.parametrize(
    ("link", "parts"),
    [
        ("http://mesh.example/r/0123456789ABCDEF0123", ("http://mesh.example", "0123456789abcdef0123", "")),
        ("https://h/p/r/0123456789abcdef0123?by=a&sig=b", ("https://h/p", "0123456789abcdef0123", "by=a&sig=b")),
        ("0" * 64, ("", "0" * 64, "")),
        ("/r/0123456789abcdef0123/", ("", "0123456789abcdef0123", "")),
    ],
)
def test_the_parts_of_a_link(link: str, parts: tuple[str, str, str]) -> None:
    assert parts_of(link) == parts


@pytest.mark.parametrize("link", ["", "http://mesh.example/r/123", "ftp://h/r/0123456789abcdef0123", "mesh"])
def test_what_is_no_link_is_refused(link: str) -> None:
    with pytest.raises(WrongValue, match="no permanent link"):
        parts_of(link)


def test_the_commands(service: Service, tmp_path: Path) -> None:
    with service.mesh() as mesh:
        job = mesh.isgri.image(scws=["201600270010"], wait=False)
    assert _run(service, "link", job.id[:8]).output.strip() == job.link
    opened = _run(service, "open", job.link, "--no-wait")
    assert (opened.exit_code, "PENDING" in opened.output) == (0, True)
    _finish(service)
    # The link itself says where the mesh is.
    saved = CliRunner().invoke(app, ["open", job.link, str(tmp_path)], env={"ODAMESH_URL": "http://127.0.0.1:9"})
    assert saved.exit_code == 0, saved.output
    assert (tmp_path / "mosaic" / "mosaic.fits").read_bytes() == _CONTENT
    for which in (job.id, job.link):
        assert "calibration c" in _run(service, "cite", which).output
    assert _run(service, "cite", job.id, "--bibtex").output.startswith("@misc{odamesh:")
    assert _run(service, "open", "nothing").exit_code == ExitStatus.USAGE
    assert _run(service, "link", job.id, "--sign").exit_code == ExitStatus.USAGE


def test_a_job_is_saved_as_one_file(service: Service, tmp_path: Path) -> None:
    with service.mesh() as mesh:
        job = mesh.isgri.image(scws=["201600270010"], wait=False)
        mesh.open(job.link)
        (view,) = [view for view in service.records.views.values() if view.face == "link"]
        _finish(service)
        sized = view.job_id
        made = service.records.views[sized].products[0]
        files = (made.files[0].model_copy(update={"size": len(_CONTENT)}),)
        service.records.finish(sized, products=(made.model_copy(update={"files": files}),), products_total=1)
        job = mesh.job(sized)
        path = job.archive(tmp_path)
        assert path.name == f"isgri_image-{sized[:12]}.zip"
        with zipfile.ZipFile(path) as pack:
            assert pack.namelist() == [f"isgri_image-{sized[:12]}/mosaic/mosaic.fits"]
        with pytest.raises(WouldOverwrite):
            job.archive(tmp_path)
        assert job.provenance()["activity"]
        assert "odamesh.connect" in job.code()
        # A file that is shorter than its manifest says breaks the answer off.
        service.products.files[made.key, "mosaic.fits"] = b""
        with pytest.raises(DamagedDownload):
            job.archive(tmp_path / "broken.zip")
        assert not list(tmp_path.glob("broken*"))
        service.products.files[made.key, "mosaic.fits"] = _CONTENT
    saved = _run(service, "get", sized, str(tmp_path / "crate.zip"), "--archive", "crate")
    assert (saved.exit_code, (tmp_path / "crate.zip").exists()) == (0, True), saved.output
    assert _run(service, "get", sized, "--archive", "tar", "--windows").exit_code == ExitStatus.USAGE
