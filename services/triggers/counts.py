"""What operators are told of events: how many notices and records there were, and how long they took."""

import structlog

from mesh.alerts.instants import seconds_between, unix_seconds
from mesh.alerts.standing import Standing
from mesh.contracts.alert import AlertEvent
from mesh.contracts.notice import NoticeKind
from mesh.contracts.transient import TransientRecord
from services.triggers import metrics

_log = structlog.get_logger(__name__)


def count_receipts(before: AlertEvent, event: AlertEvent, stands: Standing, *, how: str, now: float) -> None:
    """Count the notices that have become part of an event.

    Args:
        before: the event without them.
        event: with them.
        stands: how it stands.
        how: they came.
        now: seconds since 1970.
    """
    known = {one.receipt_id for one in before.receipts}
    places = {one.receipt_id: one.state for one in stands.versions}
    for receipt in event.receipts:
        if receipt.receipt_id in known:
            continue
        metrics.RECEIPTS.labels(how).inc()
        metrics.STAGE_SECONDS.labels("taken-up").observe(max(0.0, now - unix_seconds(receipt.received)))
        if places.get(receipt.receipt_id) == "superseded":
            metrics.LATE.inc()
        if receipt.notice.kind is NoticeKind.RETRACTION:
            metrics.RETRACTIONS.inc()
        if stands.unretracted:
            ident = receipt.notice.ident
            _log.error("an event goes on after its retraction", event_key=event.event_key, ident=ident)


def count_record(event: AlertEvent, record: TransientRecord) -> None:
    """Count a version of the record of an event."""
    metrics.RECORDS.inc()
    came = [one.received for one in event.receipts]
    if record.version == 1:
        metrics.STAGE_SECONDS.labels("first-record").observe(max(0.0, seconds_between(min(came), record.made)))
    if event.jobs and all(job.ended for job in event.jobs):
        metrics.STAGE_SECONDS.labels("complete").observe(max(0.0, seconds_between(max(came), record.made)))
    _log.info(
        "record",
        event_key=event.event_key,
        version=record.version,
        state=record.state,
        test=record.test,
        answer=record.answer,
    )
