"""From a post to the topics: records, analyses, updates, retractions, tests, operators."""

import json
import threading
import time
from collections import Counter, deque
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest
from prometheus_client import Gauge

from mesh.broker.outgoing import Outgoing
from mesh.contracts.alert import AlertEntry, AlertEvent, Deed
from mesh.contracts.alert import Outgoing as ToPublish
from mesh.errors import StoreUnavailable
from mesh.intake.analysis import read_analysis
from mesh.intake.errors import TooMuchWaiting
from mesh.intake.limits import Limits as IntakeLimits
from mesh.states import JobState
from mesh.store.alerts import StoredEvent
from services.triggers import metrics
from services.triggers.limits import Limits
from services.triggers.outbox import Outbox
from tests.unit.accounts_doubles import MemoryObjects
from tests.unit.triggers.alert_world import AlertWorld

_WITH_MAP = "lvk/S1234-1-earlywarning.json"
_REAL = ("transient.record", "integral.spi_acs.followup", "integral.isgri.followup")


@dataclass
class Queues:
    """A broker in memory."""

    waiting: deque[Outgoing] = field(default_factory=deque)

    def publish(self, exchange: str, routing_key: str, document: Any, *, message_id: str, **more: Any) -> None:
        """Publish one message."""
        self.publish_many([Outgoing.of(document, exchange, routing_key, message_id=message_id, **more)])

    def publish_many(self, messages: Sequence[Outgoing]) -> None:
        """Publish messages."""
        self.waiting.extend(messages)


@pytest.fixture
def world() -> AlertWorld:
    return AlertWorld(MemoryObjects(), Queues())


def notice(kind: str = "initial", number: int = 1, **fields: Any) -> bytes:
    body = {"mission": "Mission", "id": ["1"], "alert_type": kind, "record_number": number}
    return json.dumps({**body, "trigger_time": "2023-05-18T12:59:08Z", **fields}).encode()


def _versions(world: AlertWorld, key: str = "mission:1") -> list[str]:
    return [one.state for one in world.stands(key).versions]


def test_a_first_record_comes_at_once_and_a_revision_when_the_analyses_end(world: AlertWorld) -> None:
    world.post(notice(ra=10, dec=20, ra_dec_error=1))
    world.run()
    first = world.alerts.record("mission:1", 1)
    states = {part.instrument: [one.state for one in part.analyses] for part in first.instruments}
    assert states == {"spiacs": ["waiting", "waiting"], "isgri": []}
    assert "no-data at 2023-05-18T12:59:08.000Z" in first.answer
    assert [(topic, version) for topic, version, _ in world.out()][:3] == [(topic, 1) for topic in _REAL]
    searched = next(one for one in world.mesh.wishes.values() if one.product == "spi_acs_search")
    assert searched.parameters == {"t0": "2023-05-18T12:59:08.000", "window": 300.0, "position": "10.0000, 20.0000"}
    assert searched.selection.time is not None
    assert searched.selection.time.t1 == "2023-05-18T12:42:28.000"

    world.mesh.finish()
    world.run()
    last = world.record("mission:1")
    assert [one.state for one in last.localisation] == ["waiting"], "it folds the search with the place"
    assert "excess of S/N 4.6 on 0.1 s at T0+1.90 s, possibly associated" in last.answer
    assert [one.state for one in last.instruments[0].analyses] == ["COMPLETED", "COMPLETED"]
    assert last.instruments[0].analyses[0].products[0].files[0].name == "spi_acs_search.json"
    told = json.loads(next(one.body for one in reversed(world.broker.waiting) if "spi_acs" in one.routing_key))
    assert (told["alert_type"], told["excesses"][0]["snr"]) == ("update", 4.6)
    (limit,) = told["limiting_fluences"]
    assert limit == {"sigma": 3, "spectrum": "hard", "scale_s": 1.0, "fluence_best": 1.8e-7}
    localised = next(one for one in world.mesh.wishes.values() if one.product == "localisation")
    (search_id,) = (job_id for job_id, one in world.mesh.wishes.items() if one.product == "spi_acs_search")
    assert localised.parameters["search"] == [search_id]
    assert (localised.parameters["error_radius"], localised.parameters["containment"]) == (1.0, 0.9)
    world.mesh.finish()
    world.run()
    assert "S/N 4.6 at T0+1.90 s; no data of" not in first.answer
    assert "spiacs: S/N 4.6 at T0+1.90 s; no data of isgri" in world.record("mission:1").answer
    assert not world.index.later, "nothing waits any more"


@pytest.mark.parametrize("name", ["lvk/S230518h-2-Initial.xml", "grb/GRB170817A-GBM_Gnd_Pos.xml", _WITH_MAP, ""])
def test_everything_that_is_planned_is_taken_by_intake(world: AlertWorld, shared_data: Path, name: str) -> None:
    world.post((shared_data / "alerts" / name).read_bytes() if name else notice(trigger_time="2017-01-01T00:00:05Z"))
    world.data.status = {"spiacs": "data", **({} if name else {"polar": "data"})}
    for _ in range(3):
        world.run()
        world.mesh.finish()
    products = {wish.product for wish in world.mesh.wishes.values()}
    assert products == {"spi_acs_search", "spi_acs_lc", "localisation", *([] if name else ["polar_lc"])}
    for wish in world.mesh.wishes.values():
        read_analysis(wish, lambda *_: [], IntakeLimits())


def test_a_list_never_tells_less_than_a_record(world: AlertWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever has read a version of a record finds it in the lists."""
    swap, behind = world.alerts.swap_event, []

    def swapped(before: StoredEvent, after: AlertEvent) -> StoredEvent | None:
        done = swap(before, after)
        shown = world.index.summaries.get(after.event_key, {}).get("version", 0)
        behind.append(after.version - shown)
        return done

    monkeypatch.setattr(world.alerts, "swap_event", swapped)
    world.post(notice(ra=10, dec=20, ra_dec_error=1))
    for _ in range(3):
        world.run()
        world.mesh.finish()
    world.run()
    assert world.record("mission:1").version == 3
    assert set(behind) == {0}


@pytest.mark.parametrize("status", ["data", "no-data"])
def test_the_map_of_a_notice_is_kept_where_something_is_analysed_with_it(
    world: AlertWorld, shared_data: Path, status: str
) -> None:
    world.data.status = {"spiacs": status}
    world.post((shared_data / "alerts" / _WITH_MAP).read_bytes())
    for _ in range(2):
        world.run()
        world.mesh.finish()
    record = world.record(world.index.newest(1)[0]["event_key"])
    assert record.map is not None
    kept = [name for name in world.objects.content if name.startswith("uploads/")]  # type: ignore[attr-defined]
    assert kept == ([f"uploads/{record.map.sha256}"] if status == "data" else [])


def test_many_notices_of_an_event_at_once_are_one_after_the_other(
    world: AlertWorld, monkeypatch: pytest.MonkeyPatch
) -> None:
    for number in range(1, 9):
        world.post(notice("update", number, far=number * 1e-9))
    entries = [AlertEntry.decode(one.body) for one in world.broker.waiting]
    written: list[str] = []
    put = world.objects.put

    def putting(name: str, *more: Any) -> None:
        if name.startswith("transients/"):
            written.append(name)
            time.sleep(0.005)  # others come meanwhile
        put(name, *more)

    monkeypatch.setattr(world.objects, "put", putting)
    threads = [threading.Thread(target=world.triggers.entry, args=(entry,)) for entry in entries]
    for one in threads:
        one.start()
    for one in threads:
        one.join(20)
    assert len(world.event("mission:1").receipts) == len(entries)
    assert len(written) == len(set(written)), "no version of a record is written over"


def test_what_changes_nothing_asks_for_nothing(world: AlertWorld) -> None:
    world.post(notice(ra=10, dec=20, ra_dec_error=1))
    world.run()
    asked, first = len(world.mesh.views), world.event("mission:1").version
    world.post(notice(ra=10, dec=20, ra_dec_error=1))
    world.run()
    assert (len(world.mesh.views), world.event("mission:1").version) == (asked, first)
    world.post(notice("update", 2, ra=10, dec=20, ra_dec_error=1, classification={"GRB": 1}))
    world.run()
    assert len(world.mesh.views) == asked, "a classification concerns the record alone"
    assert world.record("mission:1").classification == {"GRB": 1.0}
    world.post(notice("update", 3, ra=10, dec=20, ra_dec_error=1, trigger_time="2023-05-18T12:59:08.009Z"))
    world.run()
    assert len(world.mesh.views) == asked, "a few milliseconds are no other time"
    world.post(notice("update", 4, ra=50, dec=20, ra_dec_error=1))
    world.run()
    assert len(world.mesh.views) == asked + 1, "another place: the search alone"
    world.post(notice("update", 5, ra=50, dec=20, ra_dec_error=1, trigger_time="2023-05-18T12:59:09Z"))
    world.run()
    assert len(world.mesh.views) == asked + 3, "another time: everything"
    assert len(world.mesh.cancelled) == 3, "what is no longer wanted is cancelled"


def test_a_retraction_cancels_and_takes_back_what_was_said(world: AlertWorld) -> None:
    world.post(notice())
    world.run()
    before = world.out()
    assert before
    world.post(notice("retraction", 2))
    world.run()
    assert len(world.mesh.cancelled) == 2
    record = world.record("mission:1")
    assert (record.state, record.instruments[0].analyses) == ("RETRACTED", ())
    words = Counter(word for _, version, word in world.out() if version == record.version)
    assert words == {"RETRACTED": 1, "retraction": 2}
    world.run()
    assert len(world.out()) == len(before) + 3, "once"
    world.post(notice("update", 3, far=1e-9))
    world.run()
    assert world.record("mission:1").state == "ACTIVE", "its sender goes on"
    assert _versions(world) == ["retracted", "retracted", "current"]


def test_a_retraction_that_comes_first_is_kept_and_nothing_is_published(world: AlertWorld) -> None:
    world.post(notice("retraction", 2, trigger_time=None))
    world.run()
    assert "before it was announced" in world.record("mission:1").why
    world.post(notice())
    world.run()
    assert (world.out(), world.mesh.views) == ([], {})
    assert world.record("mission:1").state == "RETRACTED"


def test_nothing_of_a_test_reaches_a_topic_of_real_events(world: AlertWorld, shared_data: Path) -> None:
    lvk = shared_data / "alerts/lvk"
    for path in (*sorted(lvk.glob("M*")), lvk / "S1234-1-earlywarning.json"):
        world.post(path.read_bytes())
        world.run()
    assert world.out()
    assert all(topic.endswith(".test") for topic, _, _ in world.out())


def test_the_publisher_itself_keeps_a_test_from_topics_of_real_events(world: AlertWorld) -> None:
    world.post(notice(alert_tense="test"))
    world.run()
    event, record, before = world.event("mission:1"), world.record("mission:1"), world.out()
    outbox = Outbox(world.broker, world.alerts.record)
    for topic in _REAL:
        with pytest.raises(ValueError, match=f"mission:1 is a test: nothing of it goes to {topic}"):
            outbox.publish(event, [ToPublish(topic=topic, version=event.version)], record)
    assert world.out() == before


def test_an_event_that_turns_out_a_test_is_taken_back(world: AlertWorld) -> None:
    world.post(notice())
    world.run()
    world.post(notice("update", 2, alert_tense="injection"))
    world.run()
    version = world.event("mission:1").version
    told = {topic: word for topic, number, word in world.out() if number == version}
    assert {topic: told[topic] for topic in _REAL} == dict(
        zip(_REAL, ["WITHDRAWN", "retraction", "retraction"], strict=True)
    )
    assert {f"{topic}.test" for topic in _REAL} <= told.keys()


@pytest.mark.parametrize("order", list(permutations(range(4))), ids=str)
def test_any_order_of_notices_ends_in_the_same_record(shared_data: Path, order: tuple[int, ...]) -> None:
    names = ("1-preliminary.json", "2-initial.json", "3-update-ext.json", "4-retraction.json")
    bodies = [(shared_data / f"alerts/lvk/MS181101ab-{name}").read_bytes() for name in names]
    world = AlertWorld(MemoryObjects(), Queues())
    for place in order:
        world.post(bodies[place])
        world.run()
    record = world.record("lvk:MS181101ab")
    assert (record.state, record.trigger_time, record.test) == ("RETRACTED", "2018-11-01T22:22:46.654Z", True)
    assert record.map is not None
    assert [one.kind.value for one in record.versions] == ["PRELIMINARY", "INITIAL", "UPDATE", "RETRACTION"]


def test_a_likely_association_waits_for_a_person(world: AlertWorld) -> None:
    world.report = {"excesses": [{"snr": 9.0, "t_minus_t0_s": 1.0, "scale_s": 1.0, "association": "likely associated"}]}
    world.post(notice())
    world.run()
    world.mesh.finish()
    world.now = 4_000_000_000.0
    before = len(world.out())
    world.run()
    assert world.record("mission:1").association == "likely associated"
    assert {one.held_until is None for one in world.event("mission:1").outbox} == {False}
    assert len(world.out()) == before
    world.want("mission:1", Deed.APPROVE)
    world.run()
    assert len(world.out()) == before + 3
    assert not world.event("mission:1").outbox


def test_an_approval_is_of_one_version_of_the_record(world: AlertWorld) -> None:
    world.report = {"excesses": [{"snr": 9.0, "t_minus_t0_s": 1.0, "scale_s": 1.0, "association": "likely associated"}]}
    world.post(notice())
    world.run()
    world.mesh.finish()
    world.now = 4_000_000_000.0
    world.run()
    world.want("mission:1", Deed.APPROVE)
    world.run()
    approved, said = world.event("mission:1").version, len(world.out())
    world.post(notice("update", 2, far=1e-9))
    world.run()
    event = world.event("mission:1")
    assert event.version > approved
    assert {(one.version, one.held_until is None) for one in event.outbox} == {(event.version, False)}
    assert len(world.out()) == said, "what was not read is not approved"
    world.want("mission:1", Deed.APPROVE, "2024-01-01T00:20:00.000Z")
    world.run()
    assert len(world.out()) == said + 3


def _covering(*rows: tuple[str, float, bool | None], instrument: str = "isgri") -> dict[str, Any]:
    windows = [
        {"scw": f"{scw}.001", "begin_utc": scw, "data": data, "probability": {"covered": covered}}
        for scw, covered, data in rows
    ]
    part = {"title": instrument, "follow_up": {"status": "observed", "windows": windows, "windows_total": len(rows)}}
    return {"answer": "covered", "instruments": {instrument: part}}


def test_windows_that_cover_the_map_are_imaged_as_a_revision(world: AlertWorld) -> None:
    rows: list[tuple[str, float, bool | None]] = [
        (f"18510001{number:02d}10", number / 100, True) for number in range(1, 13)
    ]
    rows += [("185200010010", 0.9, False), ("185200020010", 0.8, None), ("185200030010", 0.001, True)]
    world.localisation = _covering(*rows)
    world.limits = Limits(image_windows=5)
    world.start()
    world.post(notice(ra=10, dec=20, ra_dec_error=1))
    for _ in range(3):
        world.run()
        world.mesh.finish()
    images = [wish for wish in world.mesh.wishes.values() if wish.product.endswith("_image")]
    assert [(wish.instrument, wish.product) for wish in images] == [("isgri", "isgri_image")]
    best = ["185100010910", "185100011010", "185100011110", "185100011210", "185200020010"]
    assert list(images[0].selection.scws or ()) == best
    read_analysis(images[0], lambda *_: [], IntakeLimits())
    world.run()
    record = world.record("mission:1")
    (image,) = record.instruments[1].analyses
    assert (image.product, image.state, image.results["sources_total"]) == ("isgri_image", "COMPLETED", 1)
    assert "image of 1 windows: 1 sources, 1 of them new" in record.answer
    world.post(notice("update", 2, ra=50, dec=20, ra_dec_error=1))
    world.run()
    assert not world.record("mission:1").instruments[1].analyses, "of another place other windows tell"


@pytest.mark.parametrize("status", ["data", "no-data"])
def test_what_only_imagers_have_is_localised_and_imaged(world: AlertWorld, status: str) -> None:
    world.data.status, world.data.later = {"spiacs": "no-data", "isgri": status}, 3 if status == "no-data" else 0
    world.localisation = _covering(("185100010010", 0.5, True))
    world.post(notice(ra=10, dec=20, ra_dec_error=1))
    for _ in range(3):
        world.run()
        world.mesh.finish()
    assert [wish.product for wish in world.mesh.wishes.values()] == ["localisation", "isgri_image"]


@pytest.mark.parametrize("windows", [0, 5])
def test_nothing_is_imaged_where_nothing_is_covered_or_wanted(world: AlertWorld, windows: int) -> None:
    world.localisation = _covering(("185100010010", 0.5 if windows == 0 else 0.0, True))
    world.limits = Limits(image_windows=windows)
    world.start()
    world.post(notice(ra=10, dec=20, ra_dec_error=1))
    for _ in range(3):
        world.run()
        world.mesh.finish()
    assert not any(wish.product.endswith("_image") for wish in world.mesh.wishes.values())


def test_nothing_of_simulated_data_reaches_a_topic_of_real_events(world: AlertWorld) -> None:
    world.data.simulated = "odamesh simulator"
    world.post(notice())
    world.run()
    record = world.record("mission:1")
    assert record.simulated
    assert "(simulated data)" in record.answer
    assert world.out()
    assert all(topic.endswith(".test") for topic, _, _ in world.out())
    told = json.loads(next(one.body for one in world.broker.waiting if "spi_acs" in one.routing_key))
    assert (told["alert_tense"], told["simulated"]) == ("injection", "odamesh simulator")
    with pytest.raises(ValueError, match="mission:1 is of simulated data"):
        Outbox(world.broker, world.alerts.record).publish(
            world.event("mission:1"), [ToPublish(topic=_REAL[0], version=record.version)], record
        )


def test_an_event_whose_data_turn_out_simulated_is_taken_back(world: AlertWorld) -> None:
    world.post(notice())
    world.run()
    world.report = {**world.report, "simulated": "odamesh simulator"}
    world.mesh.finish()
    world.run()
    version = world.event("mission:1").version
    told = {topic: word for topic, number, word in world.out() if number == version}
    assert [told[topic] for topic in _REAL] == ["WITHDRAWN", "retraction", "retraction"]


def test_a_person_who_does_not_come_is_not_waited_for(world: AlertWorld) -> None:
    world.report = {"excesses": [{"snr": 9.0, "t_minus_t0_s": 1.0, "scale_s": 1.0, "association": "likely associated"}]}
    world.post(notice())
    world.run()
    world.mesh.finish()
    before = len(world.out())
    world.now = 1_000_000_000.0  # the deadline is long over
    world.run()
    world.run()
    assert len(world.out()) == before + 3


def test_operators_mute_retract_and_replay(world: AlertWorld) -> None:
    world.post(notice())
    world.want("mission:1", Deed.MUTE, "2024-01-01T00:01:00.000Z")
    world.run()
    said = len(world.out())
    world.mesh.finish("spi_acs_lc", JobState.ERROR)
    world.run()
    assert len(world.out()) == said
    world.want("mission:1", Deed.UNMUTE, "2024-01-01T00:02:00.000Z")
    world.run()
    assert len(world.out()) > said
    assert "spi_acs_lc gave nothing" in world.record("mission:1").answer
    world.want("mission:1", Deed.RETRACT, "2024-01-01T00:03:00.000Z")
    world.run()
    record = world.record("mission:1")
    assert (record.state, "an operator of this mesh has withdrawn it: a test" in record.why) == ("WITHDRAWN", True)
    asked = len(world.mesh.views)
    world.want("mission:1", Deed.REPLAY, "2024-01-01T00:04:00.000Z")
    world.run()
    assert world.record("mission:1").state == "ACTIVE"
    assert len(world.mesh.views) == asked + 1, "what failed is tried once more, what did not is not"


def test_a_mesh_that_has_too_much_waiting_is_asked_again(world: AlertWorld) -> None:
    world.mesh.refusal = TooMuchWaiting("come later", seconds=60)
    world.post(notice())
    world.run()
    assert world.record("mission:1").version >= 1
    assert world.mesh.views == {}
    world.mesh.refusal = None
    world.run()
    assert len(world.mesh.views) == 2


def test_reports_ask_for_nothing(world: AlertWorld, shared_data: Path) -> None:
    world.post((shared_data / "alerts/neutrino/icecube-lvk-nu-track-S230914ak.json").read_bytes())
    world.run()
    assert world.mesh.views == {}
    assert "a report" in world.record("icecube-lvk-nu-track-search:S230914ak").answer


def test_the_index_is_made_anew_from_the_documents(world: AlertWorld) -> None:
    for number in range(3):
        world.post(notice(id=[str(number)], event_name=f"GRB{number}"))
    world.run()
    before = dict(world.index.summaries), dict(world.index.aliases), set(world.index.taken_up)
    world.index.forget()
    world.triggers.complete_index()
    assert (world.index.summaries, world.index.aliases, world.index.taken_up) == before
    world.mesh.finish()
    world.run()
    assert all("excess" in world.record(f"mission:{number}").answer for number in range(3))


def test_receipts_whose_entry_was_lost_are_found(world: AlertWorld) -> None:
    world.post(notice())
    world.broker.waiting.clear()
    world.triggers.sweep()
    assert world.record("mission:1").version >= 1
    world.want("mission:1", Deed.MUTE)
    world.broker.waiting.clear()
    world.triggers.sweep()
    assert [one.deed for one in world.event("mission:1").commands] == [Deed.MUTE]


def _told(gauge: Gauge) -> float:
    (family,) = gauge.collect()
    return float(family.samples[0].value)


def test_the_age_of_what_cannot_be_taken_up_is_told(world: AlertWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.post(notice())
    (entry,) = (AlertEntry.decode(one.body) for one in world.broker.waiting)
    world.now = datetime.now(UTC).timestamp() + 400
    world.start()

    def away(*_: object) -> None:
        raise StoreUnavailable("StoreUnavailable", "away")

    with monkeypatch.context() as patched:
        patched.setattr(world.alerts, "swap_event", away)
        with pytest.raises(StoreUnavailable):
            world.triggers.entry(entry)
    assert 395 < _told(metrics.UNPROCESSED) < 405
    world.triggers.entry(entry)
    assert _told(metrics.UNPROCESSED) == 0


def test_the_age_of_what_hangs_while_it_is_taken_up_is_told(world: AlertWorld, monkeypatch: pytest.MonkeyPatch) -> None:
    world.post(notice())
    (entry,) = (AlertEntry.decode(one.body) for one in world.broker.waiting)
    world.now = datetime.now(UTC).timestamp()
    world.start()
    ages: list[float] = []

    def hang(*_: object) -> None:
        world.now += 400
        ages.append(_told(metrics.UNPROCESSED))
        raise StoreUnavailable("StoreUnavailable", "no answer")

    monkeypatch.setattr(world.alerts, "swap_event", hang)
    with pytest.raises(StoreUnavailable):
        world.triggers.entry(entry)
    assert 395 < ages[0] < 405
    world.now += 100
    assert _told(metrics.UNPROCESSED) == 0, "another process has it by now"


def test_a_notice_after_a_newer_one_is_counted_as_late(world: AlertWorld) -> None:
    before = metrics.LATE._value.get()
    for number in (2, 1, 3):
        world.post(notice("update", number, alert_datetime=f"2023-05-18T13:0{number}:00Z"))
        world.run()
    assert metrics.LATE._value.get() - before == 1
