"""From jobs that a request names as inputs to the keys of their products."""

import pytest

from mesh.contracts import EvictedProduct, ProductFile, StageProduct
from mesh.errors import InvalidParameter, StoreUnavailable
from mesh.intake import Caller
from mesh.intake.earlier_products import EarlierProducts
from mesh.parameters import Parameter
from mesh.states import JobState, UnitState
from tests.unit.gateway.doubles import key_of, manifest, unit_row
from tests.unit.intake.conftest import ADA, Mesh

_PRODUCTS = Parameter(type="products", default=[], help="")
_SCW = "201600270010.001"
_KEYS = [f"{digit}" * 64 for digit in "abc"]


@pytest.fixture(name="find")
def _find(mesh: Mesh) -> EarlierProducts:
    return EarlierProducts(mesh.records, mesh.products, ADA)


def _product(key: str) -> StageProduct:
    files = (ProductFile(name="x.fits", sha256="00", size=1, media_type="application/fits"),)
    return StageProduct(stage="mosaic", label="job", key=key, files=files)


def _job(mesh: Mesh, state: JobState = JobState.COMPLETED) -> str:
    job = mesh.submit().job_id
    mesh.records.plan(job, [_SCW, "201600280010.001"])
    mesh.records.move(job, unit_row("image", _SCW, UnitState.DONE))
    mesh.records.finish(job, state, products=(_product(_KEYS[0]), _product(_KEYS[1])))
    _make(mesh, *_KEYS[:2], key_of("image", _SCW))
    return job


def _make(mesh: Mesh, *keys: str) -> None:
    """Let products be in the store."""
    mesh.products.manifests |= {key: manifest(key, {"x.fits": "00"}) for key in keys}


def test_a_job_stands_for_all_products_of_its_result(mesh: Mesh, find: EarlierProducts) -> None:
    job = _job(mesh)
    assert find("spectra", [job], _PRODUCTS) == _KEYS[:2]
    assert find("spectra", job, _PRODUCTS) == _KEYS[:2]
    _make(mesh, _KEYS[2])
    assert find("spectra", [_KEYS[2], job], _PRODUCTS) == [_KEYS[2], *_KEYS[:2]]


def test_more_products_than_a_page_holds(mesh: Mesh, find: EarlierProducts) -> None:
    job = _job(mesh)
    keys = [f"{number:064x}" for number in range(1003)]
    mesh.records.results[job] = tuple(_product(key) for key in keys)
    _make(mesh, *keys)
    wide = _PRODUCTS.model_copy(update={"most": 1003})
    assert len(find("spectra", [job], wide)) == 1003
    with pytest.raises(InvalidParameter, match="more than 256 products: name windows"):
        find("spectra", [job], _PRODUCTS)


def test_a_product_of_a_job_that_was_removed(mesh: Mesh, find: EarlierProducts) -> None:
    job = _job(mesh)
    del mesh.products.manifests[_KEYS[1]]
    mesh.products.evicted[_KEYS[1]] = EvictedProduct(
        manifest=manifest(_KEYS[1], {}), reason="room", evicted="2026-11-22T00:00:00Z"
    )
    with pytest.raises(InvalidParameter, match=rf"parameters\.spectra\[0\]: product {_KEYS[1]} was removed"):
        find("spectra", [job], _PRODUCTS)


def test_nothing_is_looked_up_when_there_are_too_many_entries(mesh: Mesh, find: EarlierProducts) -> None:
    mesh.records.error = StoreUnavailable("RedisUnavailable", "must not be asked")
    with pytest.raises(InvalidParameter, match="257 entries are more than 256"):
        find("spectra", [f"{number:032x}" for number in range(257)], _PRODUCTS)


def test_a_job_with_a_window_stands_for_its_last_product_of_it(mesh: Mesh, find: EarlierProducts) -> None:
    job = _job(mesh)
    assert find("spectra", [f"{job}/{_SCW}"], _PRODUCTS) == [key_of("image", _SCW)]
    with pytest.raises(InvalidParameter, match=r"parameters\.spectra\[1\]: .* has no product of '201699990010.001'"):
        find("spectra", [job, f"{job}/201699990010.001"], _PRODUCTS)


@pytest.mark.parametrize(
    ("state", "hint"), [(JobState.ERROR, "ended as ERROR"), (JobState.EXECUTING, "wait until it has ended")]
)
def test_a_job_without_a_result(mesh: Mesh, find: EarlierProducts, state: JobState, hint: str) -> None:
    job = _job(mesh, state)
    with pytest.raises(InvalidParameter, match=hint):
        find("spectra", [job], _PRODUCTS)


def test_what_names_nothing(mesh: Mesh, find: EarlierProducts) -> None:
    gone = mesh.submit().job_id
    mesh.records.deleted[gone] = "0" * 64
    for written, hint in (
        ("latest", "neither the id of a job nor the key"),
        ("0" * 32, "there is no job"),
        (gone, "was deleted"),
        (_KEYS[0], "does not exist"),
    ):
        with pytest.raises(InvalidParameter, match=hint) as caught:
            find("spectra", [written], _PRODUCTS)
        assert caught.value.field == "parameters.spectra[0]"
    known = manifest(_KEYS[0], {})
    mesh.products.evicted[_KEYS[0]] = EvictedProduct(manifest=known, reason="room", evicted="2026-11-22T00:00:00Z")
    with pytest.raises(InvalidParameter, match="was removed from the store: ask for it again"):
        find("spectra", [_KEYS[0]], _PRODUCTS)
    # What is no list is for the declared type to refuse.
    assert find("spectra", 3, _PRODUCTS) == 3


def test_a_job_of_somebody_else_is_no_input_until_it_is_shared(mesh: Mesh) -> None:
    job = _job(mesh)
    find = EarlierProducts(mesh.records, mesh.products, Caller(name="bob"))
    with pytest.raises(InvalidParameter, match="that bob may see"):
        find("spectra", [job], _PRODUCTS)
    mesh.intake.share(job, ADA, shared=True)
    assert find("spectra", [job], _PRODUCTS) == _KEYS[:2]
