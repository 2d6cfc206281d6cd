"""Keeps sky maps as inputs of localisations: those that came in notices, and those that are fetched from addresses."""

import time
from collections.abc import Callable, Sequence

import structlog

from mesh.alerts.read import read_message
from mesh.alerts.sky_map import TakenMap
from mesh.contracts.alert import AlertEvent, AlertJob, FetchedMap
from mesh.errors import NotFound
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

    def keep_sent(self, event: AlertEvent, planned: Sequence[AlertJob]) -> None:
        """Keep the maps of analyses that are to be submitted, as far as they came in notices.

        Nothing is analysed of most events, so that their maps stay where they are: in the messages.

        Args:
            event: with its jobs and notices.
            planned: analyses that are wanted.
        """
        signatures = {one.signature for one in planned}
        new = [one for one in event.jobs if one.signature in signatures and not one.job_id and not one.ended]
        missing = {digest for one in new for digest in one.wish["parameters"].get("sky_map", ())}
        for receipt in event.receipts if missing else ():
            maps = (receipt.notice.map, receipt.notice.combined_map)
            if missing.isdisjoint(one.sha256 for one in maps if one is not None):
                continue
            try:
                sent = read_message(self._alerts.raw(receipt.raw)).maps
            except NotFound:
                # Somebody has removed the message: the analysis says that its map is not there.
                _log.error("message of a sky map is not stored", event_key=event.event_key, raw=receipt.raw)
                continue
            for digest in missing.intersection(sent):
                self._uploads.keep(sent[digest])
            missing -= set(sent)

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
