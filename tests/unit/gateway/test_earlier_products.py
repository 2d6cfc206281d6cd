"""From jobs that a request names as inputs to the keys of their products."""

import pytest

from gateway.earlier_products import EarlierProducts
from mesh.contracts import EvictedProduct, ProductFile, StageProduct
from mesh.errors import InvalidParameter
from mesh.states import JobState, UnitState
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import manifest, unit_row

_SCW = "201600270010.001"
_KEYS = [f"{digit}" * 64 for digit in "abc"]


@pytest.fixture(name="find")
def _find(gateway: Gateway) -> EarlierProducts:
    return EarlierProducts(gateway.records, gateway.products)


def _product(key: str) -> StageProduct:
    files = (ProductFile(name="x.fits", sha256="00", size=1, media_type="application/fits"),)
    return StageProduct(stage="mosaic", label="job", key=key, files=files)


def _job(gateway: Gateway, state: JobState = JobState.COMPLETED) -> str:
    job = gateway.submit()
    gateway.records.plan(job, [_SCW, "201600280010.001"])
    gateway.records.move(job, unit_row("image", _SCW, UnitState.DONE))
    gateway.records.finish(job, state, products=(_product(_KEYS[0]), _product(_KEYS[1])))
    return job


def test_a_job_stands_for_all_products_of_its_result(gateway: Gateway, find: EarlierProducts) -> None:
    job = _job(gateway)
    assert find("spectra", [job]) == _KEYS[:2]
    assert find("spectra", job) == _KEYS[:2]
    gateway.products.manifests[_KEYS[2]] = manifest(_KEYS[2], {"x.fits": "00"})
    assert find("spectra", [_KEYS[2], job]) == [_KEYS[2], *_KEYS[:2]]


def test_more_products_than_a_page_holds(gateway: Gateway, find: EarlierProducts) -> None:
    job = _job(gateway)
    gateway.records.results[job] = tuple(_product(f"{number:064x}") for number in range(1003))
    assert len(find("spectra", [job])) == 1003


def test_a_job_with_a_window_stands_for_its_last_product_of_it(gateway: Gateway, find: EarlierProducts) -> None:
    job = _job(gateway)
    assert find("spectra", [f"{job}/{_SCW}"]) == [f"key-image-{_SCW}"]
    with pytest.raises(InvalidParameter, match=r"parameters\.spectra\[1\]: .* has no product of '201699990010.001'"):
        find("spectra", [job, f"{job}/201699990010.001"])


@pytest.mark.parametrize(
    ("state", "hint"), [(JobState.ERROR, "ended as ERROR"), (JobState.EXECUTING, "wait until it has ended")]
)
def test_a_job_without_a_result(gateway: Gateway, find: EarlierProducts, state: JobState, hint: str) -> None:
    job = _job(gateway, state)
    with pytest.raises(InvalidParameter, match=hint):
        find("spectra", [job])


def test_what_names_nothing(gateway: Gateway, find: EarlierProducts) -> None:
    gone = gateway.submit()
    gateway.records.deleted[gone] = "0" * 64
    for written, hint in (
        ("latest", "neither the id of a job nor the key"),
        ("0" * 32, "there is no job"),
        (gone, "was deleted"),
        (_KEYS[0], "does not exist"),
    ):
        with pytest.raises(InvalidParameter, match=hint) as caught:
            find("spectra", [written])
        assert caught.value.field == "parameters.spectra[0]"
    known = manifest(_KEYS[0], {})
    gateway.products.evicted[_KEYS[0]] = EvictedProduct(manifest=known, reason="room", evicted="2026-11-22T00:00:00Z")
    with pytest.raises(InvalidParameter, match="was removed from the store: ask for it again"):
        find("spectra", [_KEYS[0]])
    # What is no list is for the declared type to refuse.
    assert find("spectra", 3) == 3
