"""Files of a job through the protocol of oda_api: which, packed how, in parts, and to whom."""

import gzip
import io
import tarfile
from typing import Any

import httpx
import pytest

from gateway.downloads.pack import gzipped, part_of
from mesh.states import JobState, UnitState
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import MemoryProducts, MemoryRecords, call, stage_product, unit_row
from tests.unit.gateway.guarded import Guarded

_MOSAIC, _LIST = bytes(range(256)) * 700, b"catalogue"
_LABEL = "201600270010.001"


def _finish(records: MemoryRecords, products: MemoryProducts, job_id: str) -> None:
    """Play the end of a job with a mosaic and its catalogue, and the same names of one window."""
    records.plan(job_id, [_LABEL])
    records.tables[job_id]["mosaic", "job"] = unit_row("mosaic", "job", UnitState.DONE)
    made = []
    for stage, label in (("mosaic", "job"), ("image", _LABEL)):
        product = stage_product(stage, label, {"isgri_mosaic.fits": "01", "isgri_catalogue.fits": "02"})
        sizes = {"isgri_mosaic.fits": len(_MOSAIC), "isgri_catalogue.fits": len(_LIST)}
        files = tuple(file.model_copy(update={"size": sizes[file.name]}) for file in product.files)
        made.append(product.model_copy(update={"files": files}))
        products.files |= {(product.key, "isgri_mosaic.fits"): _MOSAIC, (product.key, "isgri_catalogue.fits"): _LIST}
    records.finish(job_id, products=tuple(made), products_total=2, finished="2026-11-30T08:00:00.000Z")


@pytest.fixture
def job_id(gateway: Gateway) -> str:
    made = gateway.submit()
    _finish(gateway.records, gateway.products, made)
    return made


def _get(gateway: Gateway, method: str = "GET", headers: Any = None, **sent: str) -> httpx.Response:
    asked = {"session_id": "A" * 16, "query_status": "ready", "instrument": "isgri", **sent}
    return call(gateway.app, method, "/dispatch-data/download_products", params=asked, headers=headers or {})


def _inside(answer: httpx.Response) -> dict[str, bytes]:
    assert answer.status_code in {200, 206}, answer.text
    with tarfile.open(fileobj=io.BytesIO(answer.content), mode="r:gz") as archive:
        return {member.name: archive.extractfile(member).read() for member in archive}  # type: ignore[union-attr]


def test_files_come_as_one_under_the_name_that_the_page_gives(gateway: Gateway, job_id: str) -> None:
    answer = _get(gateway, job_id=job_id, file_list="mosaic/isgri_mosaic.fits", download_file_name="a b.tar.gz")
    assert answer.headers["Content-Disposition"] == "attachment; filename*=UTF-8''a_b.tar.gz"
    assert (answer.headers["Content-Type"], "Content-Encoding" in answer.headers) == ("application/gzip", False)
    top = f"isgri_image-{job_id[:12]}"
    assert _inside(answer) == {f"{top}/mosaic/isgri_mosaic.fits": _MOSAIC}
    both = _inside(_get(gateway, job_id=job_id, file_list="isgri_catalogue.fits,mosaic/isgri_mosaic.fits"))
    catalogues = {f"{top}/image/{_LABEL}/isgri_catalogue.fits", f"{top}/mosaic/isgri_catalogue.fits"}
    assert set(both) == {*catalogues, f"{top}/mosaic/isgri_mosaic.fits"}
    whole = _get(gateway, job_id=job_id)
    assert len(_inside(whole)) == 4
    assert f"{top}.tar.gz" in whole.headers["Content-Disposition"]


def test_one_file_under_its_own_name_is_packed_alone(gateway: Gateway, job_id: str) -> None:
    for name in ("download_file_name", "file_name"):
        sent = {name: "query.fits.gz", "file_list": "mosaic/isgri_mosaic.fits"}
        assert gzip.decompress(_get(gateway, job_id=job_id, **sent).content) == _MOSAIC


def test_a_download_that_broke_off_goes_on_where_it_was(gateway: Gateway, job_id: str) -> None:
    whole = _get(gateway, job_id=job_id)
    head = _get(gateway, "HEAD", job_id=job_id)
    assert (head.content, head.headers["Content-Length"]) == (b"", str(len(whole.content)))
    tag = whole.headers["ETag"]
    for first, last in ((0, 9), (70_000, 140_001), (len(whole.content) - 8, len(whole.content) - 1)):
        part = _get(gateway, headers={"Range": f"bytes={first}-{last}", "If-Range": tag}, job_id=job_id)
        assert (part.status_code, part.content) == (206, whole.content[first : last + 1])
    assert _get(gateway, headers={"If-None-Match": tag}, job_id=job_id).status_code == 304
    assert _get(gateway, job_id=job_id, file_list="isgri_catalogue.fits").headers["ETag"] != tag
    late = _get(gateway, headers={"Range": f"bytes={len(whole.content)}-"}, job_id=job_id)
    assert late.status_code == 416


def test_what_cannot_be_had_is_said_in_the_words_of_the_protocol(gateway: Gateway, job_id: str) -> None:
    waits = gateway.submit(product="isgri_spectrum")
    cases: list[tuple[dict[str, str], str]] = [
        ({}, "parameter job_id"),
        ({"job_id": "f" * 32}, "is not known"),
        ({"job_id": "../etc"}, "is not known"),
        ({"job_id": waits}, "is PENDING and has no files"),
        ({"job_id": job_id, "file_list": "../passwd"}, "mosaic/isgri_mosaic.fits"),
    ]
    for sent, words in cases:
        answer = _get(gateway, **sent)
        assert (answer.status_code, words in answer.json()["error"]) == (400, True), answer.text
    gateway.products.files.clear()
    assert "send the same run_analysis again" in _get(gateway, job_id=job_id).json()["error"]


def test_files_are_those_of_a_job_that_the_caller_may_see() -> None:
    guarded = Guarded()
    job_id = guarded.submit("ada")
    _finish(guarded.records, guarded.products, job_id)

    def status(token: str | None) -> int:
        given = {} if token is None else {"token": token}
        path = "/download_products"
        return call(guarded.app, "GET", path, params={"job_id": job_id, **given}).status_code

    assert [status(guarded.tokens[who]) for who in ("ada", "bob")] == [200, 400]
    assert (status(None), status("odt_nonsense")) == (400, 403)
    assert guarded.records.views[job_id].state is JobState.COMPLETED


@pytest.mark.parametrize("size", [0, 1, 65_534, 65_535, 65_536, 200_000])
def test_packing_announces_its_size_and_can_begin_anywhere(size: int) -> None:
    content = (bytes(range(251)) * (size // 251 + 1))[:size]
    blocks = [content[start : start + 7_001] for start in range(0, size, 7_001)]
    announced, stream = gzipped(size, blocks)
    packed = b"".join(stream)
    assert (len(packed), gzip.decompress(packed)) == (announced, content)
    for first, length in ((0, 3), (9, 70_000), (announced - 1, 1), (announced // 2, announced)):
        assert b"".join(part_of(gzipped(size, blocks)[1], first, length)) == packed[first : first + length]
