"""What the mesh tells of an event: a record for each version, and a notice for each instrument."""

from typing import Any, ClassVar, Literal

from pydantic import Field

from mesh.contracts.document import Document, Part
from mesh.contracts.notice import Coincidence, MapReference, Messenger, NoticeKind, Position
from mesh.contracts.view import StageProduct

State = Literal["ACTIVE", "RETRACTED", "WITHDRAWN"]
"""Of an event: its sender stands by it; its sender took it back; the mesh took back what it had said of it."""


class EventVersion(Part):
    """One notice of the event."""

    label: str
    receipt_id: str
    ident: str
    kind: NoticeKind
    state: Literal["current", "superseded", "retracted", "report"]
    issued: str | None
    received: str
    remarks: tuple[str, ...] = ()


class Analysis(Part):
    """One analysis of an instrument's data."""

    product: str
    state: str
    """``waiting`` until it has ended, then the last state of its job."""
    job_id: str = ""
    """Once it has ended; before, the event names it."""
    text: str = ""
    results: dict[str, Any] = Field(default_factory=dict)
    products: tuple[StageProduct, ...] = ()


class InstrumentRecord(Part):
    """What one instrument has of the event."""

    instrument: str
    title: str
    status: Literal["data", "no-data", "unknown", "not-asked"]
    reason: str
    """A word: ``NotOperating``, ``NotInArchive``, ``InstrumentOff``, ``NoTime``..."""
    text: str
    """The same in a sentence."""
    operated: tuple[str, str] | None = None
    """First and last time of its data, UTC."""
    windows: tuple[str, ...] = ()
    """Science windows, or slices of time, that hold the trigger."""
    analyses: tuple[Analysis, ...] = ()


class TransientRecord(Document):
    """``transients/<event_key>/<version>.json``: what is known of an event, and what the instruments say of it."""

    SCHEMA: ClassVar[str] = "odamesh.transient/1"

    event_key: str
    version: int
    made: str
    """UTC, ISO 8601 with ``Z``."""
    state: State
    why: str = ""
    """Why it is retracted or withdrawn."""
    answer: str
    """All of it in one sentence."""
    test: bool
    why_test: str = ""
    messenger: Messenger
    names: tuple[str, ...] = ()
    related: tuple[str, ...] = ()
    current: str = ""
    """Label of the notice that counts."""
    versions: tuple[EventVersion, ...]
    trigger_time: str | None = None
    search_time: str | None = None
    position: Position | None = None
    map: MapReference | None = None
    combined_map: MapReference | None = None
    significant: bool | None = None
    far: float | None = None
    """Hz."""
    classification: dict[str, float] = Field(default_factory=dict)
    properties: dict[str, float] = Field(default_factory=dict)
    coincidences: tuple[Coincidence, ...] = ()
    instruments: tuple[InstrumentRecord, ...] = ()
    localisation: tuple[Analysis, ...] = ()
    """What the fields of view covered of the map, and limits folded with it."""
    association: str = ""
    """Strongest word that an analysis says of an association; empty: none."""


class FollowUpNotice(Document):
    """What is published of one instrument: fields of GCN's unified schema, and those that it lacks."""

    SCHEMA: ClassVar[str] = "odamesh.follow-up-notice/1"

    mission: str
    instrument: str
    messenger: Literal["EM"] = "EM"
    alert_datetime: str
    alert_tense: Literal["current", "archival", "test"]
    alert_type: Literal["initial", "update", "retraction"]
    record_number: int
    """Version of the record."""
    event_name: tuple[str, ...]
    id: tuple[str, ...]
    """The key of the event."""
    trigger_time: str | None = None
    ref_ID: str  # noqa: N815  # the field's name in GCN's schema
    reference: dict[str, str] = Field(default_factory=dict)
    """Notice to which it answers."""
    data_status: str
    """``data``, ``no-data``, ``unknown`` or ``not-asked``."""
    data_status_reason: str = ""
    additional_info: str = ""
    excesses: tuple[dict[str, Any], ...] = ()
    limits: dict[str, Any] = Field(default_factory=dict)
    products: tuple[dict[str, Any], ...] = ()
    """Name, sha256, media type and key of the product."""
