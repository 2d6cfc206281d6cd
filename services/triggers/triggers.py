"""Takes up receipts and commands, and brings each event to where it should be: record, topics, analyses, record again.

Everything is in one document of the event, which is changed by compare-and-swap. Each step can be repeated, so that the
service may die between any two of them: whoever looks next goes on.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice
from typing import Any

import structlog

from mesh.alerts.instants import unix_seconds
from mesh.alerts.standing import standing
from mesh.broker.publisher import Publisher
from mesh.broker.topology import REQUESTS
from mesh.clock import utc_now
from mesh.contracts.alert import AlertCommand, AlertEntry, AlertEvent, AlertJob, Receipt
from mesh.contracts.transient import TransientRecord
from mesh.errors import MeshError, NotFound
from mesh.intake import Caller, Intake, Quota
from mesh.intake import Limits as IntakeLimits
from mesh.intake.caller import Role
from mesh.public_address import networks
from mesh.service import native
from mesh.settings import Connections, Settings
from mesh.store import names
from mesh.store.alert_index import AlertIndex
from mesh.store.alerts import Alerts, StoredEvent
from mesh.store.allowances import read_allowances
from mesh.store.connect import redis_client
from mesh.store.jobs import Jobs
from mesh.store.loads import Loads
from mesh.store.objects import Objects
from mesh.store.products import Products
from mesh.store.uploads import Uploads
from services.triggers import metrics
from services.triggers.analyses import Analyses, tried_again
from services.triggers.at_hand import AtHand
from services.triggers.changes import Change, taking, unchanged, with_jobs
from services.triggers.counts import count_receipts, count_record
from services.triggers.data_status import DataStatus
from services.triggers.event_map import map_to_fetch
from services.triggers.fetched_maps import FetchedMaps
from services.triggers.follow_up import RECORD_TOPIC, TEST, is_test
from services.triggers.limits import Limits
from services.triggers.map_fetch import MapFetcher
from services.triggers.outbox import Outbox, muted, outgoing, ready, sent
from services.triggers.plan import analysed_time, wanted
from services.triggers.record import content_of, record_of
from services.triggers.requests import RequestsPublisher
from services.triggers.summary import summary_of
from services.triggers.turns import Turns, urgency_of

_log = structlog.get_logger(__name__)

NAME = "triggers"
_JOBS_SECONDS, _OUTBOX_SECONDS, _DATA_SECONDS, _FAILED_SECONDS = 0.5, 5.0, 30.0, 5.0
_CHUNK = 500
_MOST_STEPS = 6
"""Of one look: what one analysis gives another may ask for. What is left, the next look does."""
_AT_ONCE = 4
"""Entries that are worked on at the same moment: while one waits for a server, another one computes."""


class Triggers:
    """Looks after events.

    Args:
        alerts: the documents.
        index: in Redis.
        analyses: jobs of the mesh.
        data: which data there are.
        outbox: publishes.
        limits: of the operator.
        maps: keeps and fetches sky maps.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        *,
        alerts: Alerts,
        index: AlertIndex,
        analyses: Analyses,
        data: DataStatus,
        outbox: Outbox,
        limits: Limits,
        maps: FetchedMaps,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._alerts = alerts
        self._index = index
        self._analyses = analyses
        self._data = data
        self._outbox = outbox
        self._limits = limits
        self._maps = maps
        self._clock = clock
        self._busy: dict[str, tuple[threading.Lock, int]] = {}
        """Event -> its lock, and how many hold it or wait for it."""
        self._guard = threading.Lock()
        self._at_hand = AtHand(clock)
        self._turns = Turns(_AT_ONCE)

    @classmethod
    def connect(cls, connections: Connections, settings: Settings, publisher: Publisher) -> "Triggers":
        """Make it for these servers; it connects when it first needs them."""
        objects, index = Objects(connections.store), redis_client(connections.redis)
        alerts, loads = Alerts(objects), Loads(index)
        intake_limits, limits = IntakeLimits(windows=settings.max_windows), Limits()
        fetcher = MapFetcher([one.strip() for one in limits.map_hosts.split(",")], networks(limits.map_networks))
        intake = Intake(
            records=Jobs(objects, index),
            products=Products(objects, index),
            publisher=RequestsPublisher(publisher, REQUESTS),
            quota=Quota(loads.of, lambda: read_allowances(objects), loads.admit, intake_limits.users),
            limits=intake_limits,
        )
        return cls(
            alerts=alerts,
            index=AlertIndex(index),
            analyses=Analyses(intake, caller(), lambda key, name: objects.get(names.product_object(key, name))),
            data=DataStatus(settings.archive_location, native.in_native_thread, around=limits.window_seconds),
            outbox=Outbox(publisher, alerts.record),
            limits=limits,
            maps=FetchedMaps(alerts, Uploads(objects), fetcher.fetch),
        )

    def entry(self, entry: AlertEntry) -> None:
        """Take up what an entry names, then do all that the event asks for.

        Raises:
            StoreUnavailable, BrokerUnavailable: come again; nothing is lost.
        """
        if entry.receipt_id:
            self._at_hand.begin(entry.receipt_id)
        try:
            self._work_on(entry)
            self._at_hand.end(entry.receipt_id)
        finally:
            self._at_hand.put_off(entry.receipt_id)

    def _work_on(self, entry: AlertEntry) -> None:
        try:
            receipt, command = self._named(entry)
        except NotFound as error:
            _log.error("entry of what is not stored", entry=entry.model_dump(), error=str(error))
            return
        with self._turns.turn(urgency_of(receipt.notice if receipt else None)):
            self.advance(entry.event_key, taking(receipt, command))

    def _named(self, entry: AlertEntry) -> tuple[Receipt | None, AlertCommand | None]:
        """Return the receipt and the command of an entry, as far as it names them."""
        receipt = entry.receipt
        if entry.receipt_id:
            receipt = receipt or self._alerts.receipt(entry.receipt_id)
            self._at_hand.begin(entry.receipt_id, unix_seconds(receipt.received))
        return receipt, self._alerts.command(entry.command_id) if entry.command_id else None

    def advance(self, event_key: str, change: Change = unchanged, how: str = "message") -> None:
        """Do all that an event asks for now, and note when to look again.

        Args:
            event_key: of the event.
            change: adds what is taken up; what is part of the event already, it leaves as it is.
            how: it came.

        Raises:
            StoreUnavailable, BrokerUnavailable: come again; nothing is lost.
        """
        with self._alone(event_key):
            stored = self._alerts.stored_event(event_key)
            record: TransientRecord | None = None
            for _ in range(_MOST_STEPS):
                stored, record, planned = self._revise(stored, record, change, how)
                if record is None:
                    return
                stored = self._publish(stored, record)
                self._maps.keep_sent(stored.event, planned)
                worked = self._analyses.work(stored.event, {one.signature for one in planned})
                if worked == stored.event.jobs:
                    break
                stored = self._alerts.change_stored(stored, with_jobs(worked))
            assert record is not None  # noqa: S101 - there are receipts
            self._enter(stored.event, record)
            self._note_next(stored.event, record, planned)

    def fetch_maps(self) -> None:
        """Fetch the maps that events wait for."""
        for event_key in self._maps.fetch():
            self.advance(event_key)

    def look(self) -> None:
        """Look at the events that are due; one that fails does not hold up the others."""
        for event_key in self._index.due():
            try:
                self.advance(event_key)
            except MeshError as error:
                metrics.FAILED.inc()
                _log.warning("event not brought on", event_key=event_key, error=str(error))
                self._index.look_again(event_key, _FAILED_SECONDS)
        metrics.WAITING.set(self._index.waiting())

    def complete_index(self) -> None:
        """Enter every event again if Redis has lost them."""
        if self._index.complete():
            return
        token = self._index.begin()
        number = 0
        for event_key in self._alerts.events():
            event = self._alerts.event(event_key)
            if event.version:
                self._enter(event, self._alerts.record(event_key, event.version))
            self._index.look_again(event_key, 0.0)
            number += 1
        _log.info("index of alerts made anew", events=number, complete=self._index.mark_complete(token))

    def sweep(self) -> None:
        """Take up receipts and commands whose entry was lost on the way."""
        self.complete_index()
        receipts = self._alerts.receipts()
        while chunk := list(islice(receipts, _CHUNK)):
            for receipt_id in self._index.not_taken_up(chunk):
                receipt = self._alerts.receipt(receipt_id)
                if not self._alerts.has_receipt(receipt.notice.event_key, receipt_id):
                    _log.warning("receipt found that no entry told of", receipt_id=receipt_id)
                self.advance(receipt.notice.event_key, taking(receipt, None), "sweep")
        for command in self._alerts.commands():
            if all(one.command_id != command.command_id for one in self._alerts.event(command.event_key).commands):
                self.advance(command.event_key, taking(None, command))

    def _revise(
        self, stored: StoredEvent, known: TransientRecord | None, change: Change, how: str
    ) -> tuple[StoredEvent, TransientRecord | None, list[AlertJob]]:
        """Bring the plan and the record of an event up to date; return it, its newest record and what is wanted.

        Args:
            stored: the event, as it was a moment ago.
            known: a version of its record that is at hand.
            change: adds what is taken up.
            how: that came.
        """
        while True:
            before = stored.event
            taken = change(before)
            if not taken.receipts:
                return stored, None, []
            stands = standing(taken.receipts)
            data = self._data.of(analysed_time(taken, stands))
            planned = wanted(taken, stands, data, self._limits)
            event = taken.model_copy(update={"jobs": tried_again(taken)})
            signatures = {one.signature for one in event.jobs}
            new = tuple(one for one in planned if one.signature not in signatures)
            event = event.model_copy(update={"jobs": (*event.jobs, *new)})
            record = record_of(event, data, utc_now(), planned)
            digest = content_of(record)
            if digest == before.digest:
                is_known = known is not None and known.version == before.version
                record = known if known and is_known else self._alerts.record(event.event_key, before.version)
            else:
                event = self._with_record(event, record, digest)
            if event == before:
                return stored, record, planned
            after = self._alerts.swap_event(stored, event)
            if after is not None:
                count_receipts(before, event, stands, how=how, now=self._clock())
                if digest != before.digest:
                    count_record(event, record)
                return after, record, planned
            stored = self._alerts.stored_event(event.event_key)

    def _with_record(self, event: AlertEvent, record: TransientRecord, digest: str) -> AlertEvent:
        """Store a version of the record, and return the event with it and with what is to be published of it.

        It is in the lists before it is that of its event, so that nobody reads less in a list than in a record.
        """
        self._alerts.put_record(record)
        new = outgoing(event, record, self._limits.hold_seconds, self._clock())
        topics = {one.topic for one in new}
        left = () if record.state != "ACTIVE" else tuple(one for one in event.outbox if one.topic not in topics)
        event = event.model_copy(update={"version": record.version, "digest": digest, "outbox": (*new, *left)})
        self._index.show(event.event_key, **_line(event, record))
        return event

    def _publish(self, stored: StoredEvent, record: TransientRecord) -> StoredEvent:
        messages = ready(stored.event, utc_now())
        if not messages:
            return stored
        published = self._outbox.publish(stored.event, messages, record)
        return self._alerts.change_stored(stored, lambda now: sent(now, published))

    def _enter(self, event: AlertEvent, record: TransientRecord) -> None:
        public = {}
        for topic in (RECORD_TOPIC, f"{RECORD_TOPIC}{TEST}"):
            if version := event.published.get(topic, 0):
                made = record if abs(version) == record.version else self._alerts.record(event.event_key, abs(version))
                public[is_test(topic)] = (version, unix_seconds(made.made))
        receipts = [one.receipt_id for one in event.receipts]
        self._index.enter(event.event_key, receipts=receipts, public=public, **_line(event, record))

    def _note_next(self, event: AlertEvent, record: TransientRecord, planned: list[AlertJob]) -> None:
        """Note when to look at an event again."""
        signatures = {one.signature for one in planned}
        pauses = [_JOBS_SECONDS for job in event.jobs if job.signature in signatures and not job.ended]
        if event.outbox and not muted(event):
            pauses.append(_OUTBOX_SECONDS)
        awaited = map_to_fetch(event, standing(event.receipts), record.instruments)
        if awaited is not None:
            later = awaited[1] - self._clock()
            if later <= 0:
                self._maps.ask(event.event_key, awaited[0])
            pauses.append(max(_JOBS_SECONDS, later))
        if any(one.status == "unknown" for one in record.instruments):
            pauses.append(_DATA_SECONDS)
        if pauses:
            self._index.look_again(event.event_key, min(pauses))
        else:
            self._index.at_rest(event.event_key)

    @contextmanager
    def _alone(self, event_key: str) -> Iterator[None]:
        """Let one green thread of this process look at an event at a time; other processes swap, or swap in vain."""
        with self._guard:
            lock, wanting = self._busy.get(event_key, (threading.Lock(), 0))
            self._busy[event_key] = lock, wanting + 1
        try:
            with lock:
                yield
        finally:
            with self._guard:
                lock, wanting = self._busy.pop(event_key)
                if wanting > 1:
                    self._busy[event_key] = lock, wanting - 1


def caller() -> Caller:
    """Return in whose name analyses of alerts are asked for."""
    return Caller.with_roles(NAME, frozenset({Role.ALERTS}))


def _line(event: AlertEvent, record: TransientRecord) -> dict[str, Any]:
    """Return what lists tell of an event, and where in them it stands."""
    newest = max(one.received for one in event.receipts)
    return {
        "summary": summary_of(record, newest),
        "aliases": record.names,
        "when": unix_seconds(newest),
        "trigger": unix_seconds(record.trigger_time or newest),
    }
