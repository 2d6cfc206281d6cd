"""What the endpoints of alerts answer."""

from typing import Any

from pydantic import BaseModel, Field

from mesh.alerts.standing import standing
from mesh.contracts.alert import AlertEvent, Outgoing, Receipt
from mesh.contracts.notice import Messenger, NoticeKind
from mesh.contracts.transient import EventVersion


class ReceiptDocument(BaseModel):
    """A notice that was taken."""

    receipt_id: str
    event_key: str
    version: str = Field(description="label of the notice among those of its event", examples=["2-INITIAL"])
    kind: NoticeKind
    state: str = Field(description="queued: stored, and taken up in a moment; taken-up: part of the event")
    duplicate: bool = Field(default=False, description="the same content came before, and this is its receipt")
    test: bool = Field(description="a mock, a test or an injection: nothing goes to topics of real events")
    received: str
    sender: str
    remarks: tuple[str, ...] = Field(description="what of the message was odd, and how it was taken")
    links: dict[str, str]


class EventLine(BaseModel):
    """One event in a list."""

    event_key: str
    state: str
    test: bool
    messenger: Messenger
    trigger_time: str | None
    received: str
    version: int
    answer: str
    links: dict[str, str]


class EventList(BaseModel):
    """One page of events, newest first."""

    events: tuple[EventLine, ...]
    next: str | None = Field(description="address of the page of older events")


class EventJob(BaseModel):
    """One analysis of an event."""

    instrument: str
    product: str
    state: str
    text: str
    links: dict[str, str]


class EventDocument(BaseModel):
    """All that is known of an event, and what was done about it."""

    event_key: str
    state: str = Field(description="ACTIVE or RETRACTED, as its sender says")
    test: bool
    why_test: str
    messenger: Messenger
    names: tuple[str, ...]
    related: tuple[str, ...]
    trigger_time: str | None
    versions: tuple[EventVersion, ...]
    jobs: tuple[EventJob, ...]
    record: int = Field(description="version of the newest record; 0: there is none yet")
    published: dict[str, int] = Field(description="topic -> record published there last; negative: its retraction")
    outbox: tuple[Outgoing, ...] = Field(description="what is still to be published, or waits for a person")
    commands: tuple[dict[str, Any], ...]
    links: dict[str, str]


def receipt_document(base: str, receipt: Receipt, state: str, *, duplicate: bool = False) -> ReceiptDocument:
    """Return a receipt with its links; *base* is the path of the interface."""
    notice = receipt.notice
    event = f"{base}/alerts/events/{notice.event_key}"
    return ReceiptDocument(
        receipt_id=receipt.receipt_id,
        event_key=notice.event_key,
        version=notice.label,
        kind=notice.kind,
        state=state,
        duplicate=duplicate,
        test=notice.test,
        received=receipt.received,
        sender=receipt.sender,
        remarks=notice.remarks,
        links={
            "self": f"{base}/alerts/receipts/{receipt.receipt_id}",
            "event": event,
            "record": f"{event}/record",
        },
    )


def event_document(base: str, event: AlertEvent) -> EventDocument:
    """Return an event with its links."""
    stands = standing(event.receipts)
    own = f"{base}/alerts/events/{event.event_key}"
    jobs = tuple(
        EventJob(
            instrument=job.instrument,
            product=job.product,
            state=job.state.value if job.state else "waiting",
            text=job.text,
            links={"job": f"{base}/jobs/{job.job_id}"} if job.job_id else {},
        )
        for job in event.jobs
    )
    return EventDocument(
        event_key=event.event_key,
        state="RETRACTED" if stands.retracted else "ACTIVE",
        test=stands.test,
        why_test=stands.why_test,
        messenger=stands.messenger,
        names=stands.names,
        related=stands.related,
        trigger_time=stands.trigger_time,
        versions=stands.versions,
        jobs=jobs,
        record=event.version,
        published=event.published,
        outbox=event.outbox,
        commands=tuple(
            {"deed": one.deed.value, "at": one.at, "caller": one.caller, "reason": one.reason} for one in event.commands
        ),
        links={"self": own, **({"record": f"{own}/record"} if event.version else {})},
    )
