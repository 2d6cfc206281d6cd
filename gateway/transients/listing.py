"""Which events a page of the gallery shows: filters, and a cursor that stays good while events come."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple, Protocol

from mesh.contracts.notice import Messenger
from mesh.contracts.transient import State
from mesh.errors import InvalidRequest

_CHUNK = 500
_MOST_LOOKED_AT = 20_000
"""Events of which none need fit; where that is not all of them, the page is short and its cursor goes on."""
_CURSOR = re.compile(r"(-?[0-9.e+]{1,32})~([a-z0-9-]{1,80}:[A-Za-z0-9._+-]{1,97})")


class Place(NamedTuple):
    """Place of an event in the list."""

    when: float
    """Time of its trigger [s since 1970]."""
    event_key: str

    def __str__(self) -> str:
        return f"{self.when!r}~{self.event_key}"


@dataclass(frozen=True)
class Filters:
    """What the events of a page have in common.

    Args:
        begin: earliest trigger [s since 1970].
        end: latest trigger.
        classes: kinds of transients; empty: all.
        instruments: at least one of them has data of it; empty: all events.
        states: of the event; empty: all.
        text: in its names or its answer, large and small letters alike.
        tests: whether mocks, tests and injections are shown.
    """

    begin: float = -math.inf
    end: float = math.inf
    classes: frozenset[Messenger] = frozenset()
    instruments: frozenset[str] = frozenset()
    states: frozenset[State] = frozenset()
    text: str = ""
    tests: bool = False

    def fit(self, line: Mapping[str, Any]) -> bool:
        """Say whether an event is shown."""
        with_data = {name for name, status in line.get("instruments", {}).items() if status == "data"}
        return (
            (self.tests or not line["test"])
            and (not self.classes or line["messenger"] in self.classes)
            and (not self.states or line["state"] in self.states)
            and (not self.instruments or bool(self.instruments & with_data))
            and self.text.casefold() in _words(line)
        )


class TriggerIndex(Protocol):
    """Events in the order of their triggers."""

    def by_trigger(
        self, begin: float, end: float, skip: int, limit: int
    ) -> list[tuple[float, str, dict[str, Any] | None]]:
        """See `mesh.store.alert_index.AlertIndex.by_trigger`."""


def page_of(
    index: TriggerIndex, filters: Filters, limit: int, after: Place | None
) -> tuple[list[dict[str, Any]], Place | None]:
    """Return the events of a page, and where the next one begins; None: there are no more.

    Args:
        index: of events.
        filters: which are shown.
        limit: most events of a page.
        after: place of the last event of the page before.
    """
    found: list[dict[str, Any]] = []
    end = filters.end if after is None else min(filters.end, after.when)
    last = after
    for skip in range(0, _MOST_LOOKED_AT, _CHUNK):
        rows = index.by_trigger(filters.begin, end, skip, _CHUNK)
        for when, key, line in rows:
            place = Place(when, key)
            if last is not None and place >= last:
                continue  # of the page before, or moved down by an event that came meanwhile
            if line is not None and filters.fit(line):
                if len(found) == limit:
                    return found, last
                found.append(line)
            last = place
        if len(rows) < _CHUNK:
            return found, None
    return found, last


def read_cursor(text: str | None) -> Place | None:
    """Return the place that a cursor names.

    Raises:
        InvalidRequest: it is none of this mesh.
    """
    if text is None:
        return None
    found = _CURSOR.fullmatch(text)
    try:
        when = float(found[1]) if found else math.nan
    except ValueError:
        when = math.nan
    if found is None or not math.isfinite(when):
        raise InvalidRequest("The cursor is none of this list: take it from the link to the next page.", field="cursor")
    return Place(when, found[2])


def _words(line: Mapping[str, Any]) -> str:
    return "\n".join([line["event_key"], *line.get("names", ()), line["answer"]]).casefold()
