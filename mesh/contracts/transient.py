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
    simulated: str = ""
    """What the data themselves say of their simulation; empty: they are not simulated."""
    later: int = 0
    """Science windows of the two weeks after the trigger, in which an afterglow may be."""

    @property
    def analysable(self) -> bool:
        """Whether the spacecraft was there to tell of: with data, or with its instrument off."""
        return self.status == "data" or self.reason == "InstrumentOff" or self.later > 0


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
    simulated: bool = False
    """Whether any of the data are simulated: nothing of it goes to topics of real events."""
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
    map_status: str = ""
    """What became of a map of which only the address was sent."""
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
    NULLS: ClassVar[bool] = False  # GCN's schema has none

    mission: str
    instrument: str
    messenger: Literal["EM"] = "EM"
    spectral_band: tuple[float, float] | None = None
    spectral_band_units: Literal["keV"] = "keV"
    alert_datetime: str
    alert_tense: Literal["current", "archival", "injection", "test"]
    """``injection``: its data are simulated."""
    alert_type: Literal["initial", "update", "retraction"]
    record_number: int
    """Version of the record."""
    event_name: tuple[str, ...]
    id: tuple[str, ...]
    """The key of the event."""
    trigger_time: str | None = None
    ref_type: str = ""
    """Class of the event: GW, neutrino, GRB, FRB."""
    ref_instrument: str = ""
    """System that sent its notices."""
    ref_ID: str  # noqa: N815  # the field's name in GCN's schema
    reference: dict[str, str] = Field(default_factory=dict)
    """Notice to which it answers."""
    data_status: str
    """``data``, ``no-data``, ``unknown`` or ``not-asked``."""
    data_status_reason: str = ""
    additional_info: str = ""
    simulated: str = ""
    """What the data say of their simulation; empty: they are not simulated."""
    excesses: tuple[dict[str, Any], ...] = ()
    """Of a search: time after the trigger, scale, S/N, chance of a false alarm, words."""
    limiting_fluences: tuple[dict[str, Any], ...] = ()
    """3 sigma limits: folded with the sky map, the lowest, median and highest over its regions of 50 % and 90 %."""
    coverage: tuple[dict[str, Any], ...] = ()
    """Probability of the sky map in the field of view, at the trigger and later, and how the field is meant."""
    orientation: tuple[dict[str, Any], ...] = ()
    """Angle of the map's peak to the axis, and the response there as a share of the best one."""
    provenance: dict[str, Any] = Field(default_factory=dict)
    """Record, notice and sky map that it follows from, and the jobs."""
    products: tuple[dict[str, Any], ...] = ()
    """Kind, name, address below the gateway, sha256 and media type."""
