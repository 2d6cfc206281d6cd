"""Eviction on real stores: the longest unused goes first, what a run or a pin needs stays, all can be made again."""

import time
from collections.abc import Iterator

import pytest

from mesh.audit import audit
from mesh.contracts import Analysis, EvictedProduct, Pin
from mesh.errors import NotFound, StoreUnavailable
from mesh.instrument import Instrument
from mesh.states import JobState, UnitState
from mesh.store import names
from mesh.store.eviction import Eviction, Refused
from mesh.store.pins import Pins
from mesh.store.runs import Runs
from mesh.store.stock import Stock, Usage
from mesh.store.verification import Verification
from services.cache.cache import Cache
from services.cache.limits import Limits
from services.cache.upkeep import Upkeep
from tests.integration.dispatcher.mesh_double import MeshDouble
from tests.integration.store.corner import MakeJob


@pytest.fixture
def eviction(mesh: MeshDouble) -> Iterator[Eviction]:
    """Eviction on an index that is complete."""
    mesh.dispatcher.sweep()
    Pins(mesh.objects, mesh.index).reindex()
    Cache(mesh.products, Usage(mesh.index)).look()
    yield Eviction(mesh.objects, mesh.index, "cache-1")


def upkeep(mesh: MeshDouble, **limits: float) -> Upkeep:
    return Upkeep(
        objects=mesh.objects,
        eviction=Eviction(mesh.objects, mesh.index, "cache-1"),
        stock=Stock(mesh.index),
        pins=Pins(mesh.objects, mesh.index),
        limits=Limits(**limits),
    )


def keys_of(mesh: MeshDouble, job_id: str) -> list[str]:
    return [row.key for row in mesh.jobs.rows(job_id)]


def last_used(mesh: MeshDouble, key: str, ago: float) -> None:
    mesh.index.zadd(names.PRODUCTS_USED, {key: time.time() - ago})


def there(mesh: MeshDouble, keys: list[str]) -> list[bool]:
    return [mesh.products.read(key) is not None for key in keys]


def test_what_was_evicted_is_made_again(
    mesh: MeshDouble, eviction: Eviction, analysis: Analysis, make_job: MakeJob
) -> None:
    first = mesh.submit(analysis, make_job())
    mesh.work()
    keys = keys_of(mesh, first.job_id)

    assert [eviction.evict(key, "no room") for key in keys] == [None] * 3

    assert there(mesh, keys) == [False] * 3
    assert not list(mesh.objects.list("products/"))
    assert [(stage.stage, stage.products) for stage in Stock(mesh.index).evicted()] == [("merge", 1), ("window", 2)]
    assert Stock(mesh.index).bytes() == 0
    record = EvictedProduct.decode(mesh.objects.get(names.evicted_object(keys[0])))
    assert (record.manifest.key, record.reason) == (keys[0], "no room")
    with pytest.raises(NotFound):
        mesh.products.link(keys[0], "product.fits", 60)
    mesh.executed.clear()
    for path in mesh.directory.iterdir():
        path.rename(path.with_suffix(".before"))
    again = mesh.submit(analysis, make_job(user="bob"))
    mesh.work()
    assert len(mesh.executed) == 3
    assert mesh.jobs.view(again.job_id).state is JobState.COMPLETED
    assert keys_of(mesh, again.job_id) == keys
    assert audit(mesh.objects, mesh.index, pause=0).findings == ()


def test_what_a_running_job_needs_stays(
    mesh: MeshDouble, eviction: Eviction, analysis: Analysis, make_job: MakeJob
) -> None:
    view = mesh.submit(analysis, make_job())
    one, other = mesh.released()
    mesh.execute(one)

    assert eviction.evict(one.key, "") is Refused.NEEDED
    assert eviction.evict(other.key, "") is Refused.ABSENT
    mesh.make(other)  # stored, but nobody told yet
    assert eviction.evict(other.key, "") is Refused.NEEDED
    mesh.tell(other, UnitState.DONE)
    mesh.work()
    assert mesh.jobs.view(view.job_id).state is JobState.COMPLETED
    assert eviction.evict(one.key, "") is None


def test_who_makes_a_product_keeps_it(
    mesh: MeshDouble, eviction: Eviction, analysis: Analysis, make_job: MakeJob
) -> None:
    view = mesh.submit(analysis, make_job())
    mesh.work()
    key = keys_of(mesh, view.job_id)[0]
    mesh.leases.take(key, "worker-1", 60)
    assert eviction.evict(key, "") is Refused.BUSY
    mesh.leases.release(key, "worker-1")
    assert eviction.evict(key, "") is None
    assert mesh.leases.holder(key) is None


def test_a_pin_keeps_products_also_after_a_flush(
    mesh: MeshDouble, eviction: Eviction, analysis: Analysis, make_job: MakeJob
) -> None:
    view = mesh.submit(analysis, make_job())
    mesh.work()
    pinned, *others = keys_of(mesh, view.job_id)
    pins = Pins(mesh.objects, mesh.index)
    pins.put(Pin(name="paper", reason="in print", keys=(pinned,), pinned="2026-11-22T12:00:00.000Z"))
    assert eviction.evict(pinned, "") is Refused.PINNED

    mesh.index.flushdb()
    assert eviction.evict(pinned, "") is Refused.UNKNOWN
    assert eviction.evict(others[0], "") is Refused.UNKNOWN, "whether a run needs it cannot be told"
    mesh.announce()
    mesh.dispatcher.sweep()
    Cache(mesh.products, Usage(mesh.index)).look()
    assert eviction.evict(others[0], "") is Refused.UNKNOWN, "nor whether it is pinned"
    upkeep(mesh).look()

    assert eviction.evict(pinned, "") is Refused.PINNED
    assert eviction.evict(others[0], "") is None
    pins.remove("paper")
    assert eviction.evict(pinned, "") is None
    with pytest.raises(NotFound):
        pins.remove("paper")


def test_the_longest_unused_go_until_the_size_fits(
    mesh: MeshDouble, eviction: Eviction, analysis: Analysis, make_job: MakeJob
) -> None:
    view = mesh.submit(analysis, make_job())
    mesh.work()
    old, older, new = keys_of(mesh, view.job_id)
    for key, ago in ((old, 100.0), (older, 200.0), (new, 10.0)):
        last_used(mesh, key, ago)
    size = Stock(mesh.index).bytes()

    upkeep(mesh, max_gib=size / 2 / (1 << 30)).look()
    assert there(mesh, [old, older, new]) == [False, False, True]
    upkeep(mesh, max_gib=size / (1 << 30)).look()
    assert there(mesh, [new]) == [True]


def test_use_makes_a_product_young_again(
    mesh: MeshDouble, eviction: Eviction, analysis: Analysis, make_job: MakeJob
) -> None:
    view = mesh.submit(analysis, make_job())
    mesh.work()
    keys = keys_of(mesh, view.job_id)
    for key in keys:
        last_used(mesh, key, 3 * 86_400)
    mesh.products.link(keys[0], "product.fits", 60)
    upkeep(mesh, max_days=4).look()
    assert there(mesh, keys) == [True] * 3

    upkeep(mesh, max_days=2).look()
    assert there(mesh, keys) == [True, False, False]

    mesh.submit(analysis, make_job())
    last_used_before = {key: score for key, score in eviction.unused() if key == keys[0]}
    assert time.time() - last_used_before[keys[0]] < 60


def test_an_eviction_that_was_cut_short_is_finished(
    mesh: MeshDouble, eviction: Eviction, analysis: Analysis, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = mesh.submit(analysis, make_job())
    mesh.work()
    key, found_again, _ = keys_of(mesh, view.job_id)

    def away(name: str) -> None:
        raise StoreUnavailable("StoreUnavailable", f"away: {name}")

    with monkeypatch.context() as patched:
        patched.setattr(mesh.objects, "delete", away)
        for each in (key, found_again):
            with pytest.raises(StoreUnavailable):
                eviction.evict(each, "")
    assert there(mesh, [key]) == [True]
    assert not mesh.products.find_many([key]), "plans make it again"
    assert mesh.products.find(found_again) is not None, "a worker saw the manifest, and it counts again"

    assert Eviction(mesh.objects, mesh.index, "cache-1").finish("finished") == 1

    assert there(mesh, [key, found_again]) == [False, True]
    assert mesh.leases.holder(key) is None
    assert Eviction(mesh.objects, mesh.index, "cache-1").finish("finished") == 0


def test_verification_names_what_is_damaged(
    mesh: MeshDouble, eviction: Eviction, analysis: Analysis, make_job: MakeJob
) -> None:
    view = mesh.submit(analysis, make_job())
    mesh.work()
    changed, gone, whole = keys_of(mesh, view.job_id)
    mesh.objects.put(names.product_object(changed, "product.fits"), b"x")
    mesh.objects.delete(names.product_object(gone, "product.fits"))
    verification = Verification(mesh.objects)

    damage = {checked.key: checked.damage for checked in verification.verify(verification.committed())}

    assert "(1 bytes)" in damage[changed]
    assert damage[gone] == "product.fits is not there"
    assert damage[whole] == ""
    assert len(verification.sample(verification.committed(), 2)) == 2
    assert eviction.evict(changed, "damaged") is None
    assert mesh.submit(analysis, make_job(user="bob")).counts[UnitState.CACHED] == 1


def test_logs_of_failures_go_with_age(mesh: MeshDouble) -> None:
    mesh.products.put_failure_log("ab" * 32, b"Traceback")
    assert upkeep(mesh).expire_logs() == 0
    assert upkeep(mesh, max_days=1).expire_logs() == 0
    assert upkeep(mesh, max_days=1e-9).expire_logs() == 1
    with pytest.raises(NotFound):
        mesh.products.log("ab" * 32)


def test_what_a_caller_names_stays_while_it_is_needed(
    mesh: MeshDouble, eviction: Eviction, analysis: Analysis, make_job: MakeJob
) -> None:
    view = mesh.submit(analysis, make_job())
    mesh.work()
    given, found = keys_of(mesh, view.job_id)[:2]
    asked = analysis.model_copy(update={"parameters": {**analysis.parameters, "salt": "needs"}})
    waiting = mesh.submit(asked, make_job(of=asked))
    Runs(mesh.index).hold(waiting.run_id or "", [given])

    assert eviction.evict(given, "") is Refused.NEEDED
    assert eviction.evict(found, "") is None
    mesh.work()
    assert mesh.jobs.view(waiting.job_id).state is JobState.COMPLETED
    assert eviction.evict(given, "") is None


def test_products_that_a_request_names_are_held(
    mesh: MeshDouble, eviction: Eviction, analysis: Analysis, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = mesh.submit(analysis, make_job())
    mesh.work()
    key = keys_of(mesh, view.job_id)[0]
    monkeypatch.setattr(Instrument, "given_products", lambda *_: {"background": (key,)})
    monkeypatch.setattr("services.dispatcher.plan._given", lambda _: ())
    asked = analysis.model_copy(update={"parameters": {**analysis.parameters, "salt": "names"}})
    mesh.submit(asked, make_job(of=asked))

    assert eviction.evict(key, "") is Refused.NEEDED


def test_a_damaged_product_is_made_again_and_can_be_removed(
    mesh: MeshDouble, eviction: Eviction, analysis: Analysis, make_job: MakeJob
) -> None:
    view = mesh.submit(analysis, make_job())
    mesh.work()
    damaged, other, _ = keys_of(mesh, view.job_id)
    for key in (damaged, other):
        mesh.objects.put(names.product_object(key, names.MANIFEST), b"{")
    assert mesh.products.find(damaged) is None
    assert mesh.products.find(other) is None

    assert eviction.evict(damaged, "damaged") is None
    assert not list(mesh.objects.list(names.product_object(damaged, "")))
    mesh.executed.clear()
    again = mesh.submit(analysis, make_job(user="bob"))
    mesh.work()
    assert {unit.key for unit in mesh.executed} == {damaged, other}
    assert mesh.jobs.view(again.job_id).state is JobState.COMPLETED


def test_who_loses_the_lease_removes_nothing_of_what_is_made_anew(
    mesh: MeshDouble, eviction: Eviction, analysis: Analysis, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    view = mesh.submit(analysis, make_job())
    units = mesh.released()
    for unit in units:
        mesh.execute(unit)
    mesh.work()
    assert mesh.jobs.view(view.job_id).state is JobState.COMPLETED
    remade, delete = units[0], mesh.objects.delete

    def slow(name: str) -> None:
        """The store takes so long for the first answer that the lease is lost, and a worker makes the product again."""
        monkeypatch.setattr(mesh.objects, "delete", delete)
        delete(name)
        mesh.index.delete(f"lease:{remade.key}")
        mesh.make(remade)

    monkeypatch.setattr(mesh.objects, "delete", slow)
    eviction.evict(remade.key, "")

    assert audit(mesh.objects, mesh.index, pause=0).findings == ()
    assert mesh.products.fetch(remade.key, mesh.directory / "fetched").key == remade.key
    assert eviction.finish("finished") == 0
    assert mesh.products.read(remade.key) is not None


def test_products_of_one_time_of_use_are_all_looked_at(mesh: MeshDouble, eviction: Eviction) -> None:
    mesh.index.zadd(names.PRODUCTS_USED, {f"{number:064x}": 1000.0 for number in range(450)})
    mesh.index.zadd(names.PRODUCTS_USED, {f"a{number:063x}": 1000.5 + number for number in range(300)})

    found = list(eviction.unused())

    assert len(found) == len(set(found)) == 750
    assert [score for _, score in found] == sorted(score for _, score in found)
    assert len(list(eviction.unused(before=1000.5))) == 450
    assert len(list(eviction.unused(before=1001.5))) == 451
