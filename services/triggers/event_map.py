"""The sky map of an event: sent in a notice, or fetched from the address that one gives; pure."""

from collections.abc import Sequence

from mesh.alerts.standing import Standing
from mesh.contracts.alert import AlertEvent, FetchedMap
from mesh.contracts.notice import MapReference
from mesh.contracts.transient import InstrumentRecord

_MOST_TRIES = 5


def map_of(event: AlertEvent, stands: Standing) -> MapReference | None:
    """Return the sky map of an event, with its bytes where they came in a notice or were fetched."""
    found, fetched = stands.map, _fetched(event, stands)
    if found is None or fetched is None:
        return found
    return found.model_copy(update={"sha256": fetched.sha256, "size": fetched.size})


def waits_for_map(event: AlertEvent, stands: Standing) -> bool:
    """Say whether there is a map of which only the address came, and which was not tried to fetch."""
    return bool(_address(stands)) and _fetched(event, stands) is None


def map_to_fetch(event: AlertEvent, stands: Standing, data: Sequence[InstrumentRecord]) -> tuple[str, float] | None:
    """Return the address of the map that is to be fetched, and when; None: nothing would be done with it.

    Args:
        event: with what was fetched.
        stands: how it stands.
        data: which there are.

    Returns:
        address, and seconds since 1970.
    """
    url, fetched = _address(stands), _fetched(event, stands)
    if not url or stands.retracted or stands.reports_only or not any(one.analysable for one in data):
        return None
    if fetched is None:
        return url, 0.0
    return None if fetched.next_try is None else (url, fetched.next_try)


def map_status(event: AlertEvent, stands: Standing) -> str:
    """Return what became of a map of which only the address came; empty where it is there, or there is none."""
    if not _address(stands):
        return ""
    fetched = _fetched(event, stands)
    if fetched is None:
        return "map not fetched: nothing is analysed with it yet"
    return "" if fetched.sha256 else f"map not available: {fetched.text}"


def with_map(event: AlertEvent, found: FetchedMap) -> AlertEvent:
    """Return an event with what became of a map; what was tried often enough is not tried again."""
    tries = 1 + sum(one.tries for one in event.maps if one.url == found.url)
    update = {"tries": tries, "next_try": found.next_try if tries < _MOST_TRIES else None}
    others = tuple(one for one in event.maps if one.url != found.url)
    return event.model_copy(update={"maps": (*others, found.model_copy(update=update))})


def _address(stands: Standing) -> str:
    """Return the address of a map that did not come itself."""
    return stands.map.url if stands.map is not None and not stands.map.sha256 else ""


def _fetched(event: AlertEvent, stands: Standing) -> FetchedMap | None:
    url = _address(stands)
    return next((one for one in event.maps if url and one.url == url), None)
