"""Takes up receipts and commands, and brings each event to where it should be: record, topics, analyses, record again.

Everything is in one document of the event, which is changed by compare-and-swap. Each step can be repeated, so that the
service may die between any two of them: whoever looks next goes on.
"""

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from itertools import islice

import structlog

from mesh.alerts.instants import seconds_between, unix_seconds
from mesh.alerts.read import read_message
from mesh.alerts.standing import Standing, standing
from mesh.broker.publisher import Publisher
from mesh.broker.topology import REQUESTS
from mesh.clock import utc_now
from mesh.contracts.alert import AlertCommand, AlertEntry, AlertEvent, AlertJob, Receipt
from mesh.contracts.notice import NoticeKind
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
from mesh.store.alerts import Alerts
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

_log = structlog.get_logger(__name__)

NAME = "triggers"
_JOBS_SECONDS, _OUTBOX_SECONDS, _DATA_SECONDS, _FAILED_SECONDS = 0.5, 5.0, 30.0, 5.0
_CHUNK = 500
_MOST_STEPS = 6
"""Of one look: what one analysis gives another may ask for. What is left, the next look does."""


class Triggers:
    """Looks after events.

    Args:
        alerts: the documents.
        uploads: keeps sky maps, as inputs of jobs.
        index: in Redis.
        analyses: jobs of the mesh.
        data: which data there are.
        outbox: publishes.
        limits: of the operator.
        maps: fetches sky maps.
        clock: seconds since 1970.
    """

    def __init__(
        self,
        *,
        alerts: Alerts,
        uploads: Uploads,
        index: AlertIndex,
        analyses: Analyses,
        data: DataStatus,
        outbox: Outbox,
        limits: Limits,
        maps: FetchedMaps,
        clock: Callable[[], float] = time.time,
    ) -> None:
        self._alerts = alerts
        self._uploads = uploads
        self._index = index
        self._analyses = analyses
        self._data = data
        self._outbox = outbox
        self._limits = limits
        self._maps = maps
        self._clock = clock
        self._busy: dict[str, threading.Lock] = {}
        self._at_hand = AtHand(clock)

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
        uploads = Uploads(objects)
        return cls(
            alerts=alerts,
            uploads=uploads,
            index=AlertIndex(index),
            analyses=Analyses(intake, caller(), lambda key, name: objects.get(names.product_object(key, name))),
            data=DataStatus(settings.archive_location, native.in_native_thread),
            outbox=Outbox(publisher, alerts.record),
            limits=limits,
            maps=FetchedMaps(alerts, uploads, fetcher.fetch),
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
            if entry.receipt_id:
                receipt = self._alerts.receipt(entry.receipt_id)
                self._at_hand.begin(receipt.receipt_id, unix_seconds(receipt.received))
                self._take_up(receipt, "message")
            if entry.command_id:
                self._obey(self._alerts.command(entry.command_id))
        except NotFound as error:
            _log.error("entry of what is not stored", entry=entry.model_dump(), error=str(error))
            return
        self.advance(entry.event_key)

    def _take_up(self, receipt: Receipt, how: str) -> None:
        notice = receipt.notice
        named = {one.sha256 for one in (notice.map, notice.combined_map) if one is not None and one.sha256}
        if named:
            maps = read_message(self._alerts.raw(receipt.raw)).maps
            for content in maps.values():
                self._uploads.keep(content)
        is_new = False

        def change(event: AlertEvent) -> AlertEvent:
            nonlocal is_new
            is_new = all(one.receipt_id != receipt.receipt_id for one in event.receipts)
            return event.model_copy(update={"receipts": (*event.receipts, receipt)}) if is_new else event

        event = self._alerts.change_event(notice.event_key, change)
        if is_new:
            metrics.RECEIPTS.labels(how).inc()
            metrics.STAGE_SECONDS.labels("taken-up").observe(max(0.0, self._clock() - unix_seconds(receipt.received)))
            places = {one.receipt_id: one.state for one in standing(event.receipts).versions}
            if places.get(receipt.receipt_id) == "superseded":
                metrics.LATE.inc()
            if notice.kind is NoticeKind.RETRACTION:
                metrics.RETRACTIONS.inc()
            if standing(event.receipts).unretracted:
                _log.error("an event goes on after its retraction", event_key=event.event_key, ident=notice.ident)

    def _obey(self, command: AlertCommand) -> None:
        def change(event: AlertEvent) -> AlertEvent:
            if not event.receipts or any(one.command_id == command.command_id for one in event.commands):
                return event
            return event.model_copy(update={"commands": (*event.commands, command)})

        self._alerts.change_event(command.event_key, change)

    def advance(self, event_key: str) -> None:
        """Do all that an event asks for now, and note when to look again.

        Raises:
            StoreUnavailable, BrokerUnavailable: come again; nothing is lost.
        """
        with self._alone(event_key):
            for _ in range(_MOST_STEPS):
                event, record, planned = self._revise(event_key)
                if record is None:
                    return
                event = self._publish(event)
                worked = self._analyses.work(event, {one.signature for one in planned})
                if worked == event.jobs:
                    break
                self._alerts.change_event(event_key, lambda now, worked=worked: _with_jobs(now, worked))  # type: ignore[misc]
            assert record is not None  # noqa: S101 - there are receipts
            self._enter(event, record)
            self._note_next(event, record, planned)

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
                self._take_up(receipt, "sweep")
                self.advance(receipt.notice.event_key)
        for command in self._alerts.commands():
            if all(one.command_id != command.command_id for one in self._alerts.event(command.event_key).commands):
                self._obey(command)
                self.advance(command.event_key)

    def _revise(self, event_key: str) -> tuple[AlertEvent, TransientRecord | None, list[AlertJob]]:
        """Bring the plan and the record of an event up to date; return it, its newest record and what is wanted."""
        while True:
            try:
                before = self._alerts.event(event_key)
            except NotFound:
                return AlertEvent(event_key=event_key), None, []
            if not before.receipts:
                return before, None, []
            stands = standing(before.receipts)
            data = self._data.of(analysed_time(before, stands))
            planned = wanted(before, stands, data, self._limits)
            event = before.model_copy(update={"jobs": tried_again(before)})
            known = {one.signature for one in event.jobs}
            new = tuple(one for one in planned if one.signature not in known)
            event = event.model_copy(update={"jobs": (*event.jobs, *new)})
            record = record_of(event, data, utc_now(), planned)
            digest = content_of(record)
            if digest == before.digest:
                record = self._alerts.record(event_key, before.version)
            else:
                event = self._with_record(event, record, digest)
            if event == before:
                return before, record, planned
            after = self._alerts.change_event(
                event_key,
                lambda now, before=before, event=event: event if now == before else now,  # type: ignore[misc]
            )
            if after == event:
                if digest != before.digest:
                    self._note_record(event, record, stands)
                return event, record, planned

    def _with_record(self, event: AlertEvent, record: TransientRecord, digest: str) -> AlertEvent:
        """Store a version of the record, and return the event with it and with what is to be published of it."""
        self._alerts.put_record(record)
        new = outgoing(event, record, self._limits.hold_seconds, self._clock())
        topics = {one.topic for one in new}
        left = () if record.state != "ACTIVE" else tuple(one for one in event.outbox if one.topic not in topics)
        return event.model_copy(update={"version": record.version, "digest": digest, "outbox": (*new, *left)})

    def _publish(self, event: AlertEvent) -> AlertEvent:
        messages = ready(event, utc_now())
        if not messages:
            return event
        published = self._outbox.publish(event, messages)
        return self._alerts.change_event(event.event_key, lambda now: sent(now, published))

    def _enter(self, event: AlertEvent, record: TransientRecord) -> None:
        newest = max(one.received for one in event.receipts)
        public = {}
        for topic in (RECORD_TOPIC, f"{RECORD_TOPIC}{TEST}"):
            if version := event.published.get(topic, 0):
                made = record if abs(version) == record.version else self._alerts.record(event.event_key, abs(version))
                public[is_test(topic)] = (version, unix_seconds(made.made))
        self._index.enter(
            event.event_key,
            summary_of(record, newest),
            record.names,
            [one.receipt_id for one in event.receipts],
            when=unix_seconds(newest),
            trigger=unix_seconds(record.trigger_time or newest),
            public=public,
        )

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

    def _note_record(self, event: AlertEvent, record: TransientRecord, stands: Standing) -> None:
        metrics.RECORDS.inc()
        first = min(one.received for one in event.receipts)
        if record.version == 1:
            metrics.STAGE_SECONDS.labels("first-record").observe(max(0.0, seconds_between(first, record.made)))
        newest = max(one.received for one in event.receipts)
        if event.jobs and all(job.ended for job in event.jobs):
            metrics.STAGE_SECONDS.labels("complete").observe(max(0.0, seconds_between(newest, record.made)))
        _log.info(
            "record",
            event_key=event.event_key,
            version=record.version,
            state=record.state,
            test=stands.test,
            answer=record.answer,
        )

    @contextmanager
    def _alone(self, event_key: str) -> Iterator[None]:
        """Let one green thread of this process look at an event at a time; other processes swap, or swap in vain."""
        lock = self._busy.setdefault(event_key, threading.Lock())
        try:
            with lock:
                yield
        finally:
            if not lock.locked():
                self._busy.pop(event_key, None)


def caller() -> Caller:
    """Return in whose name analyses of alerts are asked for."""
    return Caller.with_roles(NAME, frozenset({Role.ALERTS}))


def _with_jobs(event: AlertEvent, worked: tuple[AlertJob, ...]) -> AlertEvent:
    """Return an event with its jobs as they are after the work; one that was begun anew meanwhile stays."""
    done = {(job.signature, job.attempt): job for job in worked}
    jobs = tuple(done.get((job.signature, job.attempt), job) for job in event.jobs)
    return event.model_copy(update={"jobs": jobs})
