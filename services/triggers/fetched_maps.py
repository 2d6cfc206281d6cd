"""Fetches the sky maps that events wait for, and keeps them as inputs of their localisation."""

import time
from collections.abc import Callable

import structlog

from mesh.alerts.sky_map import TakenMap
from mesh.contracts.alert import FetchedMap
from mesh.store.alerts import Alerts
from mesh.store.uploads import Uploads
from services.triggers.event_map import with_map
from services.triggers.map_fetch import MapNotAvailable

_log = structlog.get_logger(__name__)
_PAUSE_SECONDS = 60.0


class FetchedMaps:
    """Maps that are to be fetched. Who starts anew is asked for them again, as their events wait.

    Args:
        alerts: the documents of events.
        uploads: keeps maps.
        fetch: returns the map of an address; raises `MapNotAvailable`.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        alerts: Alerts,
        uploads: Uploads,
        fetch: Callable[[str], TakenMap],
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._alerts = alerts
        self._uploads = uploads
        self._fetch = fetch
        self._clock = clock
        self._asked: dict[str, str] = {}
        """Event -> address."""

    def ask(self, event_key: str, url: str) -> None:
        """Have the map of an event fetched at the next call of `fetch`."""
        self._asked[event_key] = url

    def fetch(self) -> list[str]:
        """Fetch what was asked for, one after the other, and return the events that know more now.

        Raises:
            StoreUnavailable: what is left is fetched at the next call.
        """
        known: list[str] = []
        for event_key, url in list(self._asked.items()):
            found = self._fetched(url)
            self._alerts.change_event(event_key, lambda now, found=found: with_map(now, found))  # type: ignore[misc]
            _log.info("sky map", event_key=event_key, url=url, sha256=found.sha256, text=found.text)
            self._asked.pop(event_key, None)
            known.append(event_key)
        return known

    def _fetched(self, url: str) -> FetchedMap:
        try:
            taken = self._fetch(url)
        except MapNotAvailable as error:
            next_try = self._clock() + _PAUSE_SECONDS if error.again else None
            return FetchedMap(url=url, text=str(error), next_try=next_try)
        digest = self._uploads.keep(taken.content)
        return FetchedMap(url=url, sha256=digest, size=len(taken.content))
