"""One unit from its message to its product: what is stored, what is told, what is left."""

import errno
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import pytest

from mesh.contracts import ArchiveInput, Lane, ProductInput, Unit, UnitEvent, UploadInput
from mesh.errors import (
    BadInput,
    BrokerUnavailable,
    EngineUnavailable,
    HeldElsewhere,
    ScienceFailure,
    StoreUnavailable,
    TransientFailure,
    UnitCancelled,
    UnitFailure,
)
from mesh.instrument import read_instrument
from mesh.runner.fake import FakeRunner
from mesh.runner.protocol import Work
from mesh.runner.workspace import Workspace
from mesh.service.execution import Executor
from mesh.service.unit_events import final_event, retry_event
from mesh.states import FailureKind, UnitState

from .doubles import Heard, MemoryArchive, MemoryLeases, MemoryProducts, at_once

_ROOT = Path(__file__).resolve().parents[3]
_INSTRUMENT = read_instrument(_ROOT / "mesh/testing/noop/instrument.toml")
_EVENTS = "scw/2016/201600270010.001/isgri_events.fits"


def _unit(**fields: Any) -> Unit:
    given: dict[str, Any] = {
        "key": "ab" * 32,
        "instrument": "noop",
        "stage": "window",
        "label": "201600270010.001",
        "parameters": {"salt": ""},
        "inputs": (),
        "image": "fake:0",
        "calibration": _INSTRUMENT.calibration,
        "lane": Lane.USER,
        "user": "anonymous",
        "run_id": "run-1",
    }
    return Unit.model_validate({**given, **fields})


@dataclass
class Bench:
    """An executor and everything around it."""

    products: MemoryProducts
    leases: MemoryLeases
    archive: MemoryArchive
    workspace: Workspace
    heard: Heard

    def executor(self, runner: FakeRunner | None = None, emit: Callable[[UnitEvent], None] | None = None) -> Executor:
        """Return an executor with this runner and this broker."""
        return Executor(
            instrument=_INSTRUMENT,
            runner=runner or FakeRunner(self.workspace),
            products=self.products,
            archive=lambda: self.archive,
            leases=self.leases,
            worker="me",
            emit=emit or self.heard,
            later=at_once,
        )


@pytest.fixture
def bench(tmp_path: Path) -> Bench:
    archive = MemoryArchive({_EVENTS: b"photons"})
    return Bench(MemoryProducts(), MemoryLeases(), archive, Workspace(tmp_path / "work"), Heard())


def test_a_unit_is_made_stored_and_told(bench: Bench) -> None:
    unit = _unit()
    bench.executor(FakeRunner(bench.workspace, steps=("begin", "work"))).execute(unit, attempt=2)
    manifest = bench.products.manifests[unit.key]
    assert (manifest.run_id, manifest.resources.worker, manifest.resources.runner) == ("run-1", "me", "fake")
    assert manifest.started <= manifest.finished
    assert json.loads(bench.products.files[unit.key]["fake.json"])["key"] == unit.key
    assert bench.products.logs[unit.key]
    assert manifest.warnings == ()
    assert bench.heard.states == [UnitState.RUNNING, UnitState.DONE]
    assert bench.heard.steps == ["begin", "work"]
    assert {event.attempt for event in bench.heard.events} == {2}
    assert len({event.event_id for event in bench.heard.events}) == 4
    assert bench.leases.held == {}
    assert not bench.workspace.unit(unit.key).path.exists()


def test_a_step_that_the_instrument_does_not_declare_is_told_as_a_warning(bench: Bench) -> None:
    unit = _unit()
    bench.executor(FakeRunner(bench.workspace, steps=("begin", "wrok"))).execute(unit, attempt=1)
    assert bench.products.manifests[unit.key].warnings == ("not declared in instrument.toml as steps of window: wrok",)


def test_that_a_unit_runs_is_told_only_while_it_does(bench: Bench) -> None:
    waiting: list[Callable[[], None]] = []

    def never_in_time(tell: Callable[[], None]) -> Callable[[], None]:
        waiting.append(tell)
        return waiting.clear

    replace(bench.executor(), later=never_in_time).execute(_unit(), attempt=1)
    assert waiting == [], "recalled when it had ended"
    assert bench.heard.states == [UnitState.DONE]

    steps = FakeRunner(bench.workspace, steps=("begin",))
    replace(bench.executor(steps), later=never_in_time).execute(_unit(key="cd" * 32), attempt=1)
    assert waiting == [], "recalled by the step, which tells more"
    assert bench.heard.steps == ["begin"]


def test_the_store_is_asked_again_on_a_further_try(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = _unit()
    bench.executor().execute(unit, attempt=1)
    monkeypatch.setattr(bench.products, "absent", lambda _key: True)
    runner = FakeRunner(bench.workspace)
    bench.executor(runner).execute(unit, attempt=2)
    assert runner.ran == []


def test_a_product_that_is_there_is_not_made_again(bench: Bench) -> None:
    runner = FakeRunner(bench.workspace)
    executor = bench.executor(runner)
    executor.execute(_unit(), attempt=1)
    executor.execute(_unit(run_id="run-2"), attempt=1)
    assert len(runner.ran) == 1
    assert bench.heard.states == [UnitState.RUNNING, UnitState.DONE, UnitState.CACHED]


def test_a_message_that_comes_again_ends_as_it_would_have(bench: Bench) -> None:
    executor = bench.executor()
    executor.execute(_unit(), attempt=1)
    executor.execute(_unit(), attempt=1)
    assert bench.heard.states[-1] is UnitState.DONE, "its own run's product is no product of before"


def test_inputs_come_from_archive_and_store(bench: Bench) -> None:
    seen: dict[str, Any] = {}

    def look(work: Work) -> None:
        seen.update(json.loads(work.directory.unit_file.read_text()))
        seen["files"] = sorted(
            (str(path.relative_to(work.directory.inputs)), path.read_bytes())
            for path in work.directory.inputs.rglob("*")
            if path.is_file()
        )

    earlier = _unit(key="cd" * 32)
    bench.executor().execute(earlier, attempt=1)
    window = ArchiveInput(
        role="events",
        label="201600270010.001",
        path="scw/2016/201600270010.001",
        files=("isgri_events.fits",),
        stamp="7",
    )
    product = ProductInput(role="window", label="201600270020.001", key=earlier.key)
    bench.executor(FakeRunner(bench.workspace, crash=look)).execute(_unit(inputs=(window, product)), attempt=1)
    assert [name for name, _ in seen["files"]] == [
        "events/201600270010.001/isgri_events.fits",
        "window/201600270020.001/fake.json",
    ]
    assert seen["files"][0][1] == b"photons"
    assert {entry["role"]: entry["files"] for entry in seen["inputs"]} == {
        "events": ["isgri_events.fits"],
        "window": ["fake.json"],
    }
    assert "run-1" not in json.dumps(seen["provenance"]), "the same key must give the same bytes"


def test_data_that_changed_since_planning_is_refused(bench: Bench) -> None:
    window = ArchiveInput(
        role="events",
        label="201600270010.001",
        path="scw/2016/201600270010.001",
        files=("isgri_events.fits",),
        stamp="8",
    )
    with pytest.raises(BadInput) as caught:
        bench.executor().execute(_unit(inputs=(window,)), attempt=1)
    assert caught.value.reason == "ScWDataChanged"


def test_a_missing_product_is_tried_again(bench: Bench) -> None:
    with pytest.raises(TransientFailure) as caught:
        bench.executor().execute(_unit(inputs=(ProductInput(role="window", label="a", key="ef" * 32),)), attempt=1)
    assert caught.value.reason == "ProductMissing"


def test_a_file_that_a_caller_sent_is_an_input(bench: Bench) -> None:
    digest = "cd" * 32
    bench.products.uploads.files[digest] = b"a sky map"
    seen: list[bytes] = []

    def look(work: Work) -> None:
        seen.append((work.directory.inputs / "sky_map" / digest[:16] / digest).read_bytes())

    entry = UploadInput(role="sky_map", label=digest[:16], digest=digest)
    bench.executor(FakeRunner(bench.workspace, crash=look)).execute(_unit(inputs=(entry,)), attempt=1)
    assert seen == [b"a sky map"]
    gone = UploadInput(role="sky_map", label="ef" * 8, digest="ef" * 32)
    with pytest.raises(BadInput, match="upload it and ask again") as caught:
        bench.executor().execute(_unit(key="ef" * 32, inputs=(gone,)), attempt=1)
    assert caught.value.reason == "NoSuchUpload"


def test_another_image_makes_nothing_under_this_key(bench: Bench) -> None:
    runner = FakeRunner(bench.workspace, image="fake:1")
    with pytest.raises(TransientFailure) as caught:
        bench.executor(runner).execute(_unit(), attempt=1)
    assert caught.value.reason == "OtherImage"
    assert runner.ran == []


def test_a_full_disk_is_tried_again(bench: Bench) -> None:
    def fill(_: Work) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(TransientFailure) as caught:
        bench.executor(FakeRunner(bench.workspace, crash=fill)).execute(_unit(), attempt=1)
    assert caught.value.reason == "DiskFull"
    assert bench.leases.held == {}


def test_a_failure_leaves_its_log_and_nothing_else(bench: Bench) -> None:
    unit = _unit()
    runner = FakeRunner(bench.workspace, failures={unit.key: ScienceFailure("EmptyImageList", "nothing left")})
    with pytest.raises(ScienceFailure) as caught:
        bench.executor(runner).execute(unit, attempt=1)
    assert f"unit {unit.key}" in caught.value.log_tail
    assert bench.products.logs[unit.key] == f"unit {unit.key}\n".encode()
    assert bench.products.manifests == {}
    assert bench.leases.held == {}
    assert not bench.workspace.unit(unit.key).path.exists()
    event = final_event(unit, attempt=1, worker="me", error=caught.value)
    assert event.failure is not None
    assert (event.state, event.failure.kind, event.failure.reason) == (
        UnitState.FAILED,
        FailureKind.SCIENCE,
        "EmptyImageList",
    )
    assert event.log_tail == caught.value.log_tail


def test_the_directory_stays_while_the_engine_is_away(bench: Bench) -> None:
    unit = _unit()
    runner = FakeRunner(bench.workspace, failures={unit.key: EngineUnavailable("EngineUnavailable", "away")})
    with pytest.raises(EngineUnavailable):
        bench.executor(runner).execute(unit, attempt=1)
    assert bench.workspace.unit(unit.key).unit_file.exists()


def test_the_directory_of_a_dead_owner_is_offered_for_adoption(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    unit = _unit()
    executor = bench.executor()
    directory = bench.workspace.unit(unit.key)
    directory.create()
    directory.write_unit(key=unit.key, stage="window", label="x", parameters={}, inputs=[], provenance={})
    runner = FakeRunner(bench.workspace)
    monkeypatch.setattr(FakeRunner, "adopt", lambda self, work, on_step: runner.run(work, on_step))
    executor.execute(unit, attempt=1)
    assert runner.ran == [unit.key]
    assert isinstance(executor.runner, FakeRunner)
    assert executor.runner.ran == [], "it must not run twice"


def test_a_unit_that_nobody_wants_does_not_begin(bench: Bench) -> None:
    unit = _unit()
    bench.leases.unwanted.add(unit.key)
    with pytest.raises(UnitCancelled) as caught:
        bench.executor().execute(unit, attempt=1)
    assert bench.heard.events == []
    assert final_event(unit, attempt=1, worker="me", error=caught.value).state is UnitState.CANCELLED


def test_a_copy_of_a_message_whose_unit_ended_does_not_begin(bench: Bench) -> None:
    """A unit that waits long is published again; once it failed, its copies must not run it again."""
    unit = _unit().model_copy(update={"asking": 7})
    bench.leases.over[unit.key] = 7
    with pytest.raises(UnitCancelled) as caught:
        bench.executor().execute(unit, attempt=1)
    told = final_event(unit, attempt=1, worker="me", error=caught.value)
    assert (told.state, told.asking) == (UnitState.CANCELLED, 7), "the dispatcher knows that it concerns nobody"

    bench.executor().execute(unit.model_copy(update={"asking": 8}), attempt=1)
    assert bench.heard.events[-1].state is UnitState.DONE
    assert bench.heard.events[-1].asking == 8


def test_a_cancel_finds_the_unit_running_or_the_unit_finds_the_cancel(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whenever it comes between the message and the look for it, the mark of a cancel is seen."""
    unit = _unit()
    executor = bench.executor()
    real = bench.leases.take

    def cancelled_meanwhile(key: str, owner: str, seconds: float) -> bool:
        assert unit.key in executor.running, "a broadcast that comes now finds it"
        bench.leases.unwanted.add(key)
        return real(key, owner, seconds)

    monkeypatch.setattr(bench.leases, "take", cancelled_meanwhile)
    with pytest.raises(UnitCancelled):
        executor.execute(unit, attempt=1)
    assert bench.heard.events == []
    assert bench.leases.held == {}
    assert executor.running == set()


def test_a_unit_cancelled_under_way_is_not_stored(bench: Bench) -> None:
    unit = _unit()
    runner = FakeRunner(bench.workspace, crash=lambda work: bench.leases.unwanted.add(work.key))
    with pytest.raises(UnitCancelled):
        bench.executor(runner).execute(unit, attempt=1)
    assert bench.products.manifests == {}


def test_a_unit_of_a_living_owner_is_held_elsewhere(bench: Bench) -> None:
    unit = _unit()
    bench.leases.held[unit.key] = "other"
    bench.leases.owners.add("other")
    with pytest.raises(HeldElsewhere):
        bench.executor().execute(unit, attempt=1)
    assert bench.leases.held == {unit.key: "other"}


def test_a_unit_of_a_dead_owner_is_taken_over(bench: Bench) -> None:
    unit = _unit()
    bench.leases.held[unit.key] = "dead"
    bench.executor().execute(unit, attempt=1)
    assert bench.heard.states == [UnitState.RUNNING, UnitState.DONE]


def test_a_second_message_in_the_same_process_is_held_too(bench: Bench) -> None:
    unit = _unit()
    refused: list[UnitFailure] = []

    def again(_: Work) -> None:
        with pytest.raises(HeldElsewhere) as caught:
            executor.execute(unit, attempt=1)
        refused.append(caught.value)

    executor = bench.executor(FakeRunner(bench.workspace, crash=again))
    executor.execute(unit, attempt=1)
    assert len(refused) == 1
    assert bench.heard.states == [UnitState.RUNNING, UnitState.DONE]


def test_the_lease_of_a_unit_is_kept_while_it_runs_and_taken_again_when_it_was_lost(bench: Bench) -> None:
    unit = _unit()
    seen: list[dict[str, str]] = []

    def meanwhile(_: Work) -> None:
        bench.leases.held.clear()  # Redis lost its data
        executor.keep_leases()
        seen.append(dict(bench.leases.held))

    executor = bench.executor(FakeRunner(bench.workspace, crash=meanwhile))
    executor.execute(unit, attempt=1)
    assert seen == [{unit.key: "me"}]
    executor.keep_leases()
    assert bench.leases.held == {}, "nothing runs any more"


def test_a_lease_that_could_not_be_given_back_is_given_back_later(
    bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit, executor = _unit(), bench.executor()

    def away(unit_key: str, owner: str) -> None:
        raise StoreUnavailable("RedisUnavailable", "drill")

    with monkeypatch.context() as outage:
        outage.setattr(bench.leases, "release", away)
        executor.execute(unit, attempt=1)
        executor.keep_leases()
    assert bench.leases.held == {unit.key: "me"}
    executor.keep_leases()
    assert bench.leases.held == {}


def test_a_lease_that_another_worker_took_is_left_to_it(bench: Bench) -> None:
    unit = _unit()

    def meanwhile(_: Work) -> None:
        bench.leases.held[unit.key] = "other"
        executor.keep_leases()

    executor = bench.executor(FakeRunner(bench.workspace, crash=meanwhile))
    executor.execute(unit, attempt=1)
    assert bench.leases.held == {unit.key: "other"}
    assert bench.heard.states[-1] is UnitState.DONE


def test_a_unit_that_ends_while_its_lease_is_kept_leaves_none(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    executor, real = bench.executor(), bench.leases.renew

    def renew(unit_key: str, owner: str, seconds: float) -> bool:
        executor.held.discard(unit_key)
        bench.leases.release(unit_key, owner)
        return real(unit_key, owner, seconds)

    monkeypatch.setattr(bench.leases, "renew", renew)
    assert bench.leases.take("k", "me", 60)
    executor.held.add("k")
    executor.keep_leases()
    assert bench.leases.held == {}


def test_progress_may_be_lost_but_the_end_may_not(bench: Bench) -> None:
    unit = _unit()
    told: list[UnitState] = []

    def emit(event: UnitEvent) -> None:
        told.append(event.state)
        raise BrokerUnavailable("BrokerUnavailable", "as asked for")

    with pytest.raises(BrokerUnavailable):
        bench.executor(emit=emit).execute(unit, attempt=1)
    assert told == [UnitState.RUNNING, UnitState.DONE]
    assert unit.key in bench.products.manifests
    bench.executor().execute(unit, attempt=1)
    assert bench.heard.states == [UnitState.DONE]


def test_a_store_that_is_away_is_transient_and_keeps_the_lease_free(bench: Bench) -> None:
    bench.products.broken = True
    with pytest.raises(StoreUnavailable):
        bench.executor().execute(_unit(), attempt=1)
    assert bench.leases.held == {}


def test_files_that_differ_from_their_manifest_are_not_stored(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    real = FakeRunner.run

    def tamper(self: FakeRunner, work: Work, on_step: Callable[[str], None]) -> Any:
        outcome = real(self, work, on_step)
        (work.directory.out / "fake.json").write_bytes(b"something else")
        return outcome

    monkeypatch.setattr(FakeRunner, "run", tamper)
    with pytest.raises(ScienceFailure) as caught:
        bench.executor().execute(_unit(), attempt=1)
    assert caught.value.reason == "BadProduct"
    assert bench.products.manifests == {}


def test_a_retry_is_told_as_queued_with_its_number_and_its_reason() -> None:
    event = retry_event(_unit(), attempt=3, worker="me", error=StoreUnavailable("StoreUnavailable", "no answer"))
    assert (event.state, event.attempt) == (UnitState.QUEUED, 3)
    assert event.failure is not None
    assert (event.failure.reason, event.failure.text) == ("StoreUnavailable", "no answer")


def test_a_defect_is_told_as_one() -> None:
    event = final_event(_unit(), attempt=5, worker="me", error=ZeroDivisionError("division by zero"))
    assert event.failure is not None
    assert event.failure.reason == "Unexpected"
    assert "ZeroDivisionError" in event.failure.text


def test_every_kind_of_failure_has_a_word() -> None:
    for failure in (BadInput, ScienceFailure, TransientFailure, EngineUnavailable):
        event = final_event(_unit(), attempt=1, worker="me", error=failure("Word", "text"))
        assert event.failure is not None
        assert event.failure.kind == failure.kind
