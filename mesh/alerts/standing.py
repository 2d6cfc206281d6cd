"""How an event stands, from its notices: a pure function of their set, so that their order of arrival cannot matter."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import TypeVar

from mesh.contracts.alert import Receipt
from mesh.contracts.notice import Coincidence, MapReference, Messenger, Notice, NoticeKind, Position
from mesh.contracts.transient import EventVersion

_Value = TypeVar("_Value")


@dataclass(frozen=True)
class Standing:
    """How an event stands.

    Args:
        retracted: whether its sender took it back; also where the retraction is all that came.
        unretracted: whether there is a retraction that a later notice undid.
        reports_only: whether nothing of it triggers anything.
        versions: all notices in the order of their sender, the newest last.
        current: the notice that counts; None for reports alone.
        test: whether any of them is a mock, a test or an injection.
        why_test: the reason.
        messenger: what kind of transient it is.
        names: further names.
        related: other events.
        trigger_time: UTC.
        search_time: UTC; when gamma rays are expected.
        position: circle on the sky.
        map: sky map.
        combined_map: the same with an external event.
        coincidences: external events.
        detail: the notice whose classification, rates and significance count.
    """

    retracted: bool
    unretracted: bool
    reports_only: bool
    versions: tuple[EventVersion, ...]
    current: Notice | None
    test: bool
    why_test: str
    messenger: Messenger
    names: tuple[str, ...]
    related: tuple[str, ...]
    trigger_time: str | None
    search_time: str | None
    position: Position | None
    map: MapReference | None
    combined_map: MapReference | None
    coincidences: tuple[Coincidence, ...]
    detail: Notice | None


def standing(receipts: Iterable[Receipt]) -> Standing:
    """Return how an event stands.

    The newest notice counts: by serial number where all of them have one, else by the time at which they were made;
    then by kind, retractions last; then by arrival. What it does not say is taken from the newest one that does. A
    retraction stays the last word unless its sender goes on with a later notice.

    Args:
        receipts: of its notices, at least one; equal ones count once.
    """
    unique = list({one.receipt_id: one for one in receipts}.values())
    acting = [one for one in unique if one.notice.kind is not NoticeKind.REPORT]
    ordered = sorted(acting, key=_place(acting))
    reports = sorted((one for one in unique if one.notice.kind is NoticeKind.REPORT), key=_arrival)
    current = ordered[-1].notice if ordered else None
    retracted = current is not None and current.kind is NoticeKind.RETRACTION
    last = max((place for place, one in enumerate(ordered) if one.notice.kind is NoticeKind.RETRACTION), default=-1)
    said = [one.notice for one in reversed(ordered) if one.notice.kind is not NoticeKind.RETRACTION]
    timed = next((one for one in said if one.trigger and one.trigger_time), None)
    first = _newest(said, lambda one: one.trigger_time)
    tests = sorted({one.notice.why_test for one in unique if one.notice.test})
    everything = [one.notice for one in (*ordered, *reports)]
    return Standing(
        retracted=retracted,
        unretracted=last >= 0 and not retracted,
        reports_only=not ordered,
        versions=(
            *(_version(one, "report") for one in reports),
            *(_version(one, _state(place, last, len(ordered))) for place, one in enumerate(ordered)),
        ),
        current=current,
        test=bool(tests),
        why_test="; ".join(tests),
        messenger=next((one.messenger for one in said if one.messenger is not Messenger.OTHER), _any(everything)),
        names=_distinct(name for one in everything for name in one.aliases),
        related=_distinct(key for one in everything for key in one.related),
        trigger_time=timed.trigger_time if timed else first,
        search_time=timed.search_time if timed else None,
        position=_newest(said, lambda one: one.position),
        map=_newest(said, lambda one: one.map),
        combined_map=_newest(said, lambda one: one.combined_map),
        coincidences=tuple(
            {one.coincidence.model_dump_json(): one.coincidence for one in said if one.coincidence}.values()
        ),
        detail=next((one for one in said if one.classification or one.far is not None), said[0] if said else None),
    )


def _place(acting: Sequence[Receipt]) -> Callable[[Receipt], tuple[float | str, int, str, str]]:
    """Return the order of an event's notices; numbers and times cannot be compared, so one of them orders them all."""
    if all(one.notice.serial is not None for one in acting):
        return lambda one: (float(one.notice.serial or 0), one.notice.kind.rank, one.received, one.receipt_id)
    return lambda one: (one.notice.issued or one.received, one.notice.kind.rank, one.received, one.receipt_id)


def _arrival(one: Receipt) -> tuple[str, str]:
    return one.received, one.receipt_id


def _state(place: int, last_retraction: int, count: int) -> str:
    if place == last_retraction or place < last_retraction:
        return "retracted"
    return "current" if place == count - 1 else "superseded"


def _version(receipt: Receipt, state: str) -> EventVersion:
    notice = receipt.notice
    return EventVersion.model_construct(
        label=notice.label,
        receipt_id=receipt.receipt_id,
        ident=notice.ident,
        kind=notice.kind,
        state=state,
        issued=notice.issued,
        received=receipt.received,
        remarks=notice.remarks,
    )


def _newest(said: Iterable[Notice], of: Callable[[Notice], _Value | None]) -> _Value | None:
    return next((value for one in said if (value := of(one)) is not None), None)


def _coincidences(said: Iterable[Notice]) -> tuple[Coincidence, ...]:
    found = (one.coincidence for one in said if one.coincidence is not None)
    return tuple({one.model_dump_json(): one for one in found}.values())


def _any(notices: Iterable[Notice]) -> Messenger:
    return next((one.messenger for one in notices if one.messenger is not Messenger.OTHER), Messenger.OTHER)


def _distinct(values: Iterable[str]) -> tuple[str, ...]:
    return tuple(sorted(set(values)))
