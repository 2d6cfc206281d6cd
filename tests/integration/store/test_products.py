"""Objects and products on the real MinIO: the manifest is the commit; what arrives is what was sent."""

import hashlib
from pathlib import Path

import pytest
import redis
import urllib3

from mesh.contracts import Manifest, ProductFile, Resources, UnitEvent
from mesh.errors import NotFound, StoreUnavailable, TransientFailure
from mesh.settings import Connections
from mesh.states import UnitState
from mesh.store.connect import redis_client
from mesh.store.leases import Leases
from mesh.store.objects import Objects
from mesh.store.products import ProductEntry, Products
from mesh.store.stock import Usage, images_in_use
from services.cache.cache import Cache

KEY = "ab" * 32


def manifest(folder: Path, key: str = KEY, content: bytes = b"SIMPLE  = T") -> Manifest:
    (folder / "image.fits").write_bytes(content)
    file = ProductFile(
        name="image.fits",
        sha256=hashlib.sha256(content).hexdigest(),
        size=len(content),
        media_type="application/fits",
    )
    return Manifest(
        key=key,
        instrument="noop",
        stage="window",
        label="201600270010",
        parameters={},
        inputs=(),
        files=(file,),
        image="sha256:1",
        calibration="noop-1",
        code_version="1",
        started="2026-11-22T12:00:00.000Z",
        finished="2026-11-22T12:00:01.000Z",
        run_id="r1",
        resources=Resources(seconds=1.0, runner="fake", worker="w1"),
    )


@pytest.fixture
def products(objects: Objects, index: redis.Redis) -> Products:
    return Products(objects, index)


def test_a_committed_product_is_found_and_fetched(products: Products, tmp_path: Path) -> None:
    committed = manifest(tmp_path)
    products.commit(committed, tmp_path, b"all went well")

    assert products.find(KEY) == committed
    assert products.find_many([KEY, "cd" * 32]).keys() == {KEY}
    assert products.find_many([KEY])[KEY].product.files == committed.files
    assert products.fetch(KEY, tmp_path / "in" / "window") == committed
    assert (tmp_path / "in" / "window" / "image.fits").read_bytes() == b"SIMPLE  = T"
    assert products.log(KEY) == b"all went well"


def test_without_its_manifest_there_is_no_product(products: Products, objects: Objects, tmp_path: Path) -> None:
    products.commit(manifest(tmp_path), tmp_path, b"")
    objects.delete(f"products/ab/{KEY}/manifest.json")

    assert products.find(KEY) is None
    assert not products.find_many([KEY]), "the index follows"
    with pytest.raises(NotFound):
        products.fetch(KEY, tmp_path / "in")
    with pytest.raises(NotFound):
        products.link(KEY, "image.fits", 60)


def test_damage_is_seen(products: Products, objects: Objects, tmp_path: Path) -> None:
    products.commit(manifest(tmp_path), tmp_path, b"")
    objects.put(f"products/ab/{KEY}/image.fits", b"SIMPLE  = F")

    with pytest.raises(TransientFailure, match="ProductDamaged"):
        products.fetch(KEY, tmp_path / "in")
    objects.delete(f"products/ab/{KEY}/image.fits")
    with pytest.raises(TransientFailure, match="ProductIncomplete"):
        products.fetch(KEY, tmp_path / "in")


def test_a_link_works_without_an_account(products: Products, tmp_path: Path) -> None:
    products.commit(manifest(tmp_path), tmp_path, b"")

    answer = urllib3.request("GET", products.link(KEY, "image.fits", 60))

    assert (answer.status, answer.data) == (200, b"SIMPLE  = T")
    with pytest.raises(NotFound, match=r"it has: image\.fits"):
        products.link(KEY, "spectrum.fits", 60)


def test_the_log_of_a_failure_is_kept(products: Products) -> None:
    with pytest.raises(NotFound):
        products.log(KEY)
    products.put_failure_log(KEY, b"Traceback")
    assert products.log(KEY) == b"Traceback"


def test_a_large_file_goes_in_parts_and_comes_back_whole(objects: Objects, tmp_path: Path) -> None:
    path = tmp_path / "large"
    block = hashlib.sha256(b"seed").digest() * 32768
    with path.open("wb") as stream:
        for _ in range(66):
            stream.write(block)
    objects.upload("large", path)

    sha256 = objects.download("large", tmp_path / "back")

    assert sha256 == hashlib.sha256(path.read_bytes()).hexdigest()


def test_listing(objects: Objects) -> None:
    for name in ("jobs/b.json", "jobs/a.json", "runs/c.json"):
        objects.put(name, b"{}")

    assert [(entry.name, entry.size) for entry in objects.list("jobs/")] == [("jobs/a.json", 2), ("jobs/b.json", 2)]
    assert list(objects.list("runs/c.json"))
    objects.delete("runs/c.json")
    objects.delete("runs/c.json")
    assert not list(objects.list("runs/c.json"))


def test_servers_out_of_reach_are_one_kind_of_error(server_settings: Connections) -> None:
    nowhere = Objects(server_settings.store.model_copy(update={"endpoint": "127.0.0.1:1"}))
    with pytest.raises(StoreUnavailable):
        nowhere.get("x")
    with pytest.raises(StoreUnavailable):
        next(nowhere.list("x"), None)
    refused = Objects(server_settings.store.model_copy(update={"secret_key": "wrong"}))
    with pytest.raises(StoreUnavailable) as error:
        refused.get("x")
    assert "wrong" not in str(error.value)
    with pytest.raises(StoreUnavailable):
        Leases(redis_client(server_settings.redis.model_copy(update={"port": 1}))).owner_alive("w1")


def test_a_lost_index_is_completed_from_the_manifests(
    products: Products, index: redis.Redis, objects: Objects, tmp_path: Path
) -> None:
    cache = Cache(products, Usage(index))
    keys = [f"{number:02x}" * 32 for number in range(3)]
    for key in keys:
        products.commit(manifest(tmp_path, key), tmp_path, b"")
    objects.put(f"products/ff/{'ff' * 32}/image.fits", b"not committed")
    cache.look()
    assert products.index_is_complete()

    index.flushdb()
    assert not products.index_is_complete()
    assert not products.find_many(keys)
    cache.look()

    assert sorted(products.find_many([*keys, "ff" * 32])) == keys


def test_an_index_that_is_lost_while_it_is_completed_is_not_called_complete(
    products: Products, index: redis.Redis
) -> None:
    token = products.begin_index()
    index.flushdb()

    assert not products.mark_index_complete(token)
    assert not products.index_is_complete()


def test_the_cache_enters_what_was_made(products: Products, index: redis.Redis, tmp_path: Path) -> None:
    cache = Cache(products, Usage(index))
    products.commit(manifest(tmp_path), tmp_path, b"")
    products.forget(KEY)
    event = UnitEvent(
        event_id="e1",
        unit_key=KEY,
        instrument="noop",
        stage="window",
        label="201600270010",
        run_id="r1",
        state=UnitState.DONE,
    )

    cache.happened(event)

    assert products.find_many([KEY]).keys() == {KEY}


def test_images_are_in_use_while_a_product_names_them(products: Products, index: redis.Redis, tmp_path: Path) -> None:
    products.commit(manifest(tmp_path), tmp_path, b"")
    assert images_in_use(index) is None, "not before every product is known"
    assert products.mark_index_complete(products.begin_index())
    assert images_in_use(index) == frozenset({"sha256:1"})

    products.index([manifest(tmp_path), manifest(tmp_path, "cd" * 32)])
    products.forget(KEY)
    assert images_in_use(index) == frozenset({"sha256:1"})
    products.forget("cd" * 32)
    products.forget("cd" * 32)
    assert images_in_use(index) == frozenset()

    index.sadd("runs", "r2", "r3")
    index.hset("run:r2", "image", "sha256:2")
    assert images_in_use(index) == frozenset({"sha256:2"}), "a run that is not laid out has none yet"


def test_an_entry_of_an_earlier_version_leaves_open_what_is_in_use(
    products: Products, index: redis.Redis, tmp_path: Path
) -> None:
    earlier = ProductEntry.of(manifest(tmp_path)).model_copy(update={"image": ""})
    index.set(f"product:{KEY}", earlier.encode())
    index.zadd("mesh:products-used", {KEY: 1.0})
    index.hset("mesh:images", "", 1)
    assert products.mark_index_complete(products.begin_index())
    assert images_in_use(index) is None

    products.index([manifest(tmp_path)])
    assert images_in_use(index) == frozenset({"sha256:1"})
