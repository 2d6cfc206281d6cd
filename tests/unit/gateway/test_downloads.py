"""Downloads: parts of files, whole jobs as one stream, provenance, and programs that make the same again."""

import hashlib
import io
import itertools
import json
import re
import subprocess
import sys
import tarfile
import zipfile
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import httpx
import pytest
from fastapi import FastAPI
from prov.model import ProvActivity, ProvDocument, ProvEntity
from rocrate.rocrate import ROCrate

from gateway.application import create_app
from gateway.downloads.members import Member
from gateway.downloads.pack import tarred, zipped
from mesh.contracts import ArchiveInput, EvictedProduct, Manifest, ProductInput
from mesh.errors import TransientFailure
from mesh.states import UnitState
from tests.unit.client.conftest import Service, service  # noqa: F401 - a fixture
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import MemoryProducts, MemoryRecords, call, key_of, manifest, stage_product, unit_row

_LABEL = "201600270010.001"
_MOSAIC, _IMAGE = key_of("mosaic", "job"), key_of("image", _LABEL)
_FITS, _PNG = bytes(range(256)) * 40, b"png"


def _sha(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()


def _manifests() -> list[Manifest]:
    window = ArchiveInput(
        role="events", label=_LABEL, path=f"scw/2016/{_LABEL}", files=("isgri_events.fits",), stamp="0123"
    )
    image = manifest(_IMAGE, {"image.fits": _sha(b"image")}).model_copy(
        update={"inputs": (window,), "parameters": {"bands": [[20, 40]], "catalogue": "reference"}, "image": "sha256:1"}
    )
    given = ProductInput(role="image", label=_LABEL, key=_IMAGE)
    files = {"mosaic.fits": _sha(_FITS), "preview.png": _sha(_PNG)}
    mosaic = manifest(_MOSAIC, files).model_copy(update={"inputs": (given,), "stage": "mosaic", "label": "job"})
    return [image, mosaic]


def _finish(records: MemoryRecords, products: MemoryProducts, job_id: str) -> None:
    """Play the run of a job: an image of one window, and a mosaic with two files."""
    records.plan(job_id, [_LABEL])
    records.tables[job_id]["image", _LABEL] = unit_row("image", _LABEL, UnitState.DONE)
    records.tables[job_id]["mosaic", "job"] = unit_row("mosaic", "job", UnitState.DONE)
    files = {"mosaic.fits": _sha(_FITS), "preview.png": _sha(_PNG)}
    made = stage_product("mosaic", "job", files)
    sizes = {"mosaic.fits": len(_FITS), "preview.png": len(_PNG)}
    made = made.model_copy(
        update={"files": tuple(file.model_copy(update={"size": sizes[file.name]}) for file in made.files)}
    )
    records.finish(job_id, products=(made,), products_total=1, finished="2026-11-30T08:00:00.000Z")
    products.files |= {(_MOSAIC, "mosaic.fits"): _FITS, (_MOSAIC, "preview.png"): _PNG}
    products.logs[_MOSAIC] = "größer".encode()
    products.manifests |= {one.key: one for one in _manifests()}


@pytest.fixture
def job_id(gateway: Gateway) -> str:
    made = gateway.submit()
    _finish(gateway.records, gateway.products, made)
    return made


@pytest.fixture
def streams(gateway: Gateway, job_id: str) -> FastAPI:
    """An application that brings files itself."""
    return create_app(replace(gateway.app.state.parts, files="stream"))


def _get(app: FastAPI, method: str = "GET", **headers: str) -> httpx.Response:
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return call(app, method, f"/api/v1/products/{_MOSAIC}/mosaic.fits", headers=named)


def test_a_part_of_a_file_is_that_part(streams: FastAPI) -> None:
    size = len(_FITS)
    whole = _get(streams)
    assert (whole.status_code, whole.content, whole.headers["Accept-Ranges"]) == (200, _FITS, "bytes")
    assert whole.headers["Content-Length"] == str(size)
    for asked, first, last in (
        ("bytes=0-99", 0, 99),
        ("bytes=100-", 100, size - 1),
        ("bytes=-7", size - 7, size - 1),
        ("bytes=0-999999999", 0, size - 1),
        ("bytes=-999999999", 0, size - 1),
        (f"bytes={size - 1}-", size - 1, size - 1),
    ):
        answer = _get(streams, Range=asked)
        if (first, last) == (0, size - 1):
            assert (answer.status_code, answer.content) == (200, _FITS)
            continue
        assert (answer.status_code, answer.content) == (206, _FITS[first : last + 1]), asked
        assert answer.headers["Content-Range"] == f"bytes {first}-{last}/{size}"
        assert answer.headers["Content-Length"] == str(last - first + 1)


def test_a_part_that_the_file_does_not_have_is_refused_and_what_is_no_part_brings_all(streams: FastAPI) -> None:
    size = len(_FITS)
    for asked in (f"bytes={size}-", "bytes=-0", "bytes=999999999999-"):
        answer = _get(streams, Range=asked)
        assert (answer.status_code, answer.headers["Content-Range"]) == (416, f"bytes */{size}"), asked
    for asked in ("bytes=5-2", "bytes=-", "lines=0-1", "bytes=0-1,5-6", "bytes=a-b", ""):
        assert _get(streams, Range=asked).status_code == 200, asked


def test_a_part_of_another_version_is_not_given(streams: FastAPI) -> None:
    tag = _get(streams).headers["ETag"]
    assert tag == f'"{_sha(_FITS)}"'
    assert _get(streams, Range="bytes=0-9", If_Range=tag).status_code == 206
    assert _get(streams, Range="bytes=0-9", If_Range='"other"').status_code == 200
    assert _get(streams, Range="bytes=0-9", If_Range=f"W/{tag}").status_code == 200
    for known in (tag, f'"x", W/{tag}', "*"):
        assert _get(streams, If_None_Match=known).status_code == 304
    assert _get(streams, If_None_Match='"other"').status_code == 200


def test_a_head_tells_the_size_whatever_the_way(gateway: Gateway, streams: FastAPI) -> None:
    for app in (gateway.app, streams):
        answer = _get(app, "HEAD")
        assert (answer.status_code, answer.content, answer.headers["Content-Length"]) == (200, b"", str(len(_FITS)))
    assert _get(gateway.app).status_code == 302


def test_the_log_has_a_size_too(streams: FastAPI) -> None:
    answer = call(streams, "GET", f"/api/v1/products/{_MOSAIC}/log.txt", headers={"Range": "bytes=0-1"})
    assert (answer.status_code, answer.content) == (206, b"gr")


def test_a_job_comes_as_one_file(gateway: Gateway, job_id: str) -> None:
    top = f"isgri_image-{job_id[:12]}"
    for form in ("zip", "tar"):
        answer = gateway.call("GET", f"/jobs/{job_id}/archive?format={form}")
        assert answer.status_code == 200
        assert answer.headers["Content-Length"] == str(len(answer.content))
        assert answer.headers["Content-Disposition"] == f"attachment; filename*=UTF-8''{top}.{form}"
        content = _unpacked(form, answer.content)
        assert content == {f"{top}/mosaic/mosaic.fits": _FITS, f"{top}/mosaic/preview.png": _PNG}
        head = gateway.call("HEAD", f"/jobs/{job_id}/archive?format={form}")
        assert (head.headers["Content-Length"], head.content) == (answer.headers["Content-Length"], b"")
    assert gateway.call("GET", f"/jobs/{job_id}/archive?format=rar").status_code == 422


def _unpacked(form: str, content: bytes) -> dict[str, bytes]:
    if form == "tar":
        with tarfile.open(fileobj=io.BytesIO(content)) as tar:
            return {name: found.read() for name in tar.getnames() if (found := tar.extractfile(name)) is not None}
    with zipfile.ZipFile(io.BytesIO(content)) as pack:
        assert pack.testzip() is None
        return {name: pack.read(name) for name in pack.namelist()}


def test_a_job_without_products_or_with_removed_ones_says_what_to_do(gateway: Gateway, job_id: str) -> None:
    waiting = gateway.submit(selection={"scws": ["201600300010"]})
    assert gateway.call("GET", f"/jobs/{waiting}/archive").status_code == 404
    was = gateway.products.manifests.pop(_MOSAIC)
    for name in ("mosaic.fits", "preview.png"):
        del gateway.products.files[_MOSAIC, name]
    gateway.products.evicted[_MOSAIC] = EvictedProduct(manifest=was, reason="room", evicted="2026-12-01T00:00:00.000Z")
    answer = gateway.call("GET", f"/jobs/{job_id}/archive")
    assert (answer.status_code, "/requests/" in answer.json()["detail"]) == (410, True)
    assert gateway.call("GET", f"/jobs/{job_id}/provenance").status_code == 200


def test_archives_of_any_length_need_no_memory_and_become_zip64() -> None:
    size = 5 * 2**30
    block = bytes(2**20)
    taken = itertools.count()

    def blocks() -> Iterator[bytes]:
        for _ in range(size // len(block)):
            next(taken)
            yield block

    members = [Member("top/large.fits", size, blocks), Member.of_text("top/small.txt", "x", "text/plain")]
    for total, stream in (zipped(members), tarred(members, 0)):
        assert total > size
        before = next(taken)
        for _ in range(3):
            assert len(next(stream)) <= len(block)
        assert next(taken) - before <= 5  # nothing is read ahead


def test_a_file_of_another_length_than_announced_breaks_the_archive_off() -> None:
    for content in (b"too long", b"x"):
        for pack in (zipped, lambda members: tarred(members, 0)):
            member = Member("top/file", 3, lambda content=content: (content,))  # type: ignore[misc]
            with pytest.raises(TransientFailure, match="another length"):
                b"".join(pack([member])[1])


def test_long_and_foreign_names_are_kept_in_tar_files() -> None:
    name = f"top/{'x' * 120}/größe.fits"
    size, stream = tarred([Member.of_text(name, "abc", "text/plain")], 0)
    content = b"".join(stream)
    assert (len(content), _unpacked("tar", content)) == (size, {name: b"abc"})


def _prov(content: bytes | str) -> ProvDocument:
    return ProvDocument.deserialize(content=content if isinstance(content, str) else content.decode(), format="json")


def test_provenance_leads_from_the_result_back_to_the_archive(gateway: Gateway, job_id: str) -> None:
    answer = gateway.call("GET", f"/jobs/{job_id}/provenance")
    assert answer.headers["content-type"].startswith("application/provenance+json")
    content = json.loads(answer.text)
    units = content["activity"]
    assert {f"unit:{_MOSAIC}", f"unit:{_IMAGE}", f"job:{job_id}"} == set(units)
    assert units[f"unit:{_IMAGE}"]["odamesh:image"] == "sha256:1"
    assert units[f"unit:{_IMAGE}"]["prov:startTime"].startswith("2026-01-01T00:00:00")
    types = {str(one["prov:type"]["$"] if isinstance(one["prov:type"], dict) else one["prov:type"]).split(":")[1]
             for one in content["entity"].values()}  # fmt: skip
    assert {"Collection", "File", "ArchiveFiles", "Parameters", "Catalogue", "Calibration", "Request"} <= types
    (archive,) = [one for one in content["entity"].values() if "odamesh:path" in one]
    assert (archive["odamesh:version"], archive["odamesh:path"]) == ("0123", f"scw/2016/{_LABEL}")
    derived = [(one["prov:generatedEntity"], one["prov:usedEntity"]) for one in content["wasDerivedFrom"].values()]
    assert derived == [(f"product:{_MOSAIC}", f"product:{_IMAGE}")]
    document = _prov(answer.text)
    known = {str(one.identifier) for kind in (ProvEntity, ProvActivity) for one in document.get_records(kind)}
    for relation in (*content["used"].values(), *content["wasGeneratedBy"].values()):
        assert {relation["prov:entity"], relation["prov:activity"]} <= known


def test_a_product_has_a_document_of_its_own_also_when_it_was_removed(gateway: Gateway, job_id: str) -> None:
    kept = gateway.call("GET", f"/products/{_IMAGE}/provenance").json()
    assert list(kept["activity"]) == [f"unit:{_IMAGE}"]
    was = gateway.products.manifests.pop(_IMAGE)
    gateway.products.evicted[_IMAGE] = EvictedProduct(manifest=was, reason="room", evicted="2026-12-01T00:00:00.000Z")
    assert gateway.call("GET", f"/products/{_IMAGE}/provenance").json() == kept
    for key in ("0" * 64, "..", "x"):
        assert gateway.call("GET", f"/products/{key}/provenance").status_code == 404


def test_a_crate_is_one(gateway: Gateway, job_id: str, tmp_path: Path) -> None:
    answer = gateway.call("GET", f"/jobs/{job_id}/archive?format=crate")
    assert answer.headers["Content-Disposition"].endswith(".crate.zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as pack:
        pack.extractall(tmp_path)  # noqa: S202 - made by the code under test
    (top,) = tmp_path.iterdir()
    crate = ROCrate(top)
    assert crate.root_dataset["name"].startswith("INTEGRAL IBIS/ISGRI: Mosaic image")
    described = {str(entity.id) for entity in crate.data_entities}
    there = {str(path.relative_to(top)) for path in top.rglob("*") if path.is_file()} - {"ro-crate-metadata.json"}
    assert described == there
    assert {
        "mosaic/mosaic.fits",
        "mosaic/preview.png",
        "provenance.json",
        "request.json",
        "logs/mosaic-job.txt",
    } < there
    assert {"reproduce.py", "reproduce.sh", "reproduce.curl.sh"} < there
    (action,) = crate.get_by_type("CreateAction")
    assert {entity.id for entity in action["result"]} == {"mosaic/mosaic.fits", "mosaic/preview.png"}
    fits: Any = crate.dereference("mosaic/mosaic.fits")
    assert (fits["sha256"], fits["contentSize"]) == (_sha(_FITS), str(len(_FITS)))
    _prov((top / "provenance.json").read_text(encoding="utf-8"))
    assert json.loads((top / "request.json").read_text(encoding="utf-8"))["schema"] == "odamesh.analysis/1"


_WISH = {
    "instrument": "isgri",
    "product": "isgri_image",
    "selection": {"scws": ["201600270010"]},
    "parameters": {"catalogue": [{"name": 'It\'s "X" $HOME `id`', "ra": 1.0, "dec": 2.0}], "bands": [[20, 40]]},
}


@pytest.mark.parametrize("language", ["python", "curl", "cli"])
def test_a_program_has_the_same_made_again(service: Service, tmp_path: Path, language: str) -> None:  # noqa: F811
    made = httpx.post(f"{service.url}/api/v1/jobs", json=_WISH).json()
    text = httpx.get(f"{service.url}/api/v1/jobs/{made['job_id']}/code", params={"language": language}).text
    # The run of whatever is submitted next ends at once.
    records, enter = service.records, service.records.enter

    def enter_and_finish(analysis: Any, job: Any) -> None:
        enter(analysis, job)
        _finish(records, service.products, job.job_id)

    records.enter = enter_and_finish  # type: ignore[method-assign]
    command = [sys.executable, "-c", text] if language == "python" else ["sh", "-c", text]
    path = f"{Path(sys.executable).parent}:/usr/local/bin:/usr/bin:/bin"
    done = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=60,
        env={"PATH": path, "HOME": str(tmp_path)},
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert len(records.views) == 2
    assert len(records.analyses) == 1
    (found,) = tmp_path.glob("isgri_image-*")
    if language == "curl":
        with zipfile.ZipFile(found) as pack:
            assert any(name.endswith("mosaic/mosaic.fits") for name in pack.namelist())
    else:
        assert (found / "mosaic" / "mosaic.fits").read_bytes() == _FITS
    assert re.search(r"isgri", text)
