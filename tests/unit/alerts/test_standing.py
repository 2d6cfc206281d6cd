"""The state of an event follows from its notices in whatever order they come, and however often."""

import random
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from mesh.alerts.read import read_message
from mesh.alerts.standing import Standing, standing
from mesh.contracts.alert import Receipt
from mesh.contracts.notice import MapReference, Notice, NoticeKind, Position

EARLY, FIRST, INITIAL = NoticeKind.EARLY_WARNING, NoticeKind.PRELIMINARY, NoticeKind.INITIAL
UPDATE, GONE, REPORT = NoticeKind.UPDATE, NoticeKind.RETRACTION, NoticeKind.REPORT


def _notice(kind: NoticeKind = INITIAL, **fields: Any) -> Notice:
    base: dict[str, Any] = {"format": "voevent", "stream": "a", "event_key": "a:1", "ident": "i", "label": kind.value}
    return Notice(**{**base, "kind": kind, **fields})


def _receipt(notice: Notice, received: str = "2024-01-01T00:00:00.000Z", name: str = "") -> Receipt:
    name = name or f"{abs(hash(notice.model_dump_json())):032x}"[:32]
    return Receipt(receipt_id=name, received=received, content=name, raw=name, size=1, sender="test", notice=notice)


def _stands(*notices: Notice) -> Standing:
    return standing([_receipt(one, f"2024-01-01T00:00:{place:02d}.000Z") for place, one in enumerate(notices)])


_NOTICES = st.builds(
    _notice,
    st.sampled_from(NoticeKind),
    serial=st.none() | st.integers(0, 3),
    issued=st.none() | st.sampled_from([f"2024-01-01T00:0{minute}:00.000Z" for minute in range(4)]),
    test=st.booleans(),
    why_test=st.sampled_from(["its role is test", "its search is MDC"]),
    trigger=st.booleans(),
    trigger_time=st.none() | st.sampled_from(["2024-01-01T00:00:00.000Z", "2024-01-01T00:00:01.000Z"]),
    position=st.none() | st.builds(Position, ra=st.just(1.0), dec=st.just(2.0), radius=st.sampled_from([1.0, 2.0])),
    map=st.none() | st.builds(MapReference, sha256=st.sampled_from("ab")),
    aliases=st.sampled_from([(), ("GW1",), ("GW2",)]),
)
_RECEIPTS = st.lists(
    st.builds(_receipt, _NOTICES, st.sampled_from([f"2024-01-01T00:00:0{one}.000Z" for one in range(3)])),
    min_size=1,
    max_size=7,
    unique_by=lambda one: one.receipt_id,
)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow], max_examples=200)
@given(_RECEIPTS, st.randoms(use_true_random=False))
def test_any_order_and_any_repeats_end_in_the_same_state(receipts: list[Receipt], chance: random.Random) -> None:
    shuffled = receipts + chance.choices(receipts, k=3)
    chance.shuffle(shuffled)
    assert standing(shuffled) == standing(receipts)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(_RECEIPTS)
def test_one_notice_counts_and_it_is_the_last(receipts: list[Receipt]) -> None:
    found = standing(receipts)
    states = [one.state for one in found.versions]
    assert states.count("current") == (0 if found.retracted or found.reports_only else 1)
    assert found.retracted == (found.current is not None and found.current.kind is GONE)
    assert found.test == any(one.notice.test for one in receipts)
    assert len(found.versions) == len(receipts)


def test_numbers_go_before_times() -> None:
    # A burst of GUANO: the retraction, number 4, was dated before the update, number 3.
    found = _stands(
        _notice(UPDATE, serial=3, issued="2023-01-01T05:33:01.000Z"),
        _notice(GONE, serial=4, issued="2023-01-01T03:24:36.000Z"),
    )
    assert found.retracted


def test_kinds_order_what_was_made_in_the_same_second() -> None:
    at = "2018-11-01T22:36:25.000Z"
    found = _stands(_notice(UPDATE, issued=at), _notice(INITIAL, issued=at))
    assert found.current is not None
    assert found.current.kind is UPDATE
    assert _stands(_notice(GONE, issued=at, serial=1), _notice(INITIAL, issued=at, serial=1)).retracted


def test_a_retraction_that_comes_first_is_kept_and_stays() -> None:
    gone = _notice(GONE, issued="2024-01-01T02:00:00.000Z")
    assert _stands(gone).retracted
    assert _stands(gone).trigger_time is None
    late = _notice(INITIAL, issued="2024-01-01T01:00:00.000Z", trigger_time="2024-01-01T00:00:00.000Z")
    found = _stands(gone, late)
    assert found.retracted
    assert found.trigger_time == "2024-01-01T00:00:00.000Z"
    assert [one.state for one in found.versions] == ["retracted", "retracted"]


def test_a_later_notice_undoes_a_retraction() -> None:
    found = _stands(_notice(FIRST, serial=1), _notice(GONE, serial=5), _notice(UPDATE, serial=6))
    assert (found.retracted, found.unretracted) == (False, True)
    assert [one.state for one in found.versions] == ["retracted", "retracted", "current"]


def test_what_the_newest_does_not_say_an_earlier_one_does() -> None:
    place, chart = Position(ra=1, dec=2, radius=3), MapReference(sha256="a")
    found = _stands(
        _notice(INITIAL, serial=1, trigger_time="2024-01-01T00:00:00.000Z", position=place, map=chart),
        _notice(UPDATE, serial=2, trigger_time="2024-01-01T00:03:00.000Z", trigger=False),
    )
    assert (found.position, found.map) == (place, chart)
    assert found.trigger_time == "2024-01-01T00:00:00.000Z", "that of a later exposure is not the trigger's"


def test_reports_change_nothing() -> None:
    found = _stands(_notice(INITIAL, serial=1, aliases=("GW1",)), _notice(REPORT, related=("lvk:S1",)))
    assert found.current is not None
    assert found.current.kind is INITIAL
    assert (found.names, found.related) == (("GW1",), ("lvk:S1",))
    assert _stands(_notice(REPORT)).reports_only


@pytest.mark.parametrize("seed", range(5))
def test_real_notices_in_any_order(shared_data: Path, seed: int) -> None:
    files = [*sorted((shared_data / "alerts/lvk").glob("MS181101ab*")), *(shared_data / "alerts/grb").glob("GBM-*")]
    by_event: dict[str, list[Receipt]] = {}
    for path in files:
        message = read_message(path.read_bytes())
        by_event.setdefault(message.notice.event_key, []).append(_receipt(message.notice, name=message.content[:32]))
    for receipts in by_event.values():
        random.Random(seed).shuffle(receipts)  # noqa: S311  # no secret
    mock, burst = (standing(by_event[key]) for key in ("lvk:MS181101ab", "fermi-gbm:797448770"))
    assert (mock.retracted, mock.test, len(mock.versions)) == (True, True, 4)
    assert [one.kind for one in mock.versions] == [FIRST, INITIAL, UPDATE, GONE]
    assert burst.position is not None
    assert burst.position.ra == pytest.approx(298.77)
    assert [one.kind for one in burst.versions] == [FIRST, INITIAL, UPDATE, UPDATE]
