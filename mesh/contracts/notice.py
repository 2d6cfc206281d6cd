"""A notice: what one message of an outside system says about one event, in the words of the mesh."""

from enum import StrEnum

from pydantic import Field

from mesh.contracts.document import Part


class NoticeKind(StrEnum):
    """What a notice does to its event; of two with equal serial number or time, the later one here counts."""

    REPORT = "REPORT"
    """Tells of observations or pointings, and triggers nothing."""
    EARLY_WARNING = "EARLY_WARNING"
    PRELIMINARY = "PRELIMINARY"
    INITIAL = "INITIAL"
    UPDATE = "UPDATE"
    RETRACTION = "RETRACTION"

    @property
    def rank(self) -> int:
        """Place in the order above."""
        return list(NoticeKind).index(self)


class Messenger(StrEnum):
    """What kind of transient it is, as far as its sender tells."""

    GW = "GW"
    NEUTRINO = "neutrino"
    GRB = "GRB"
    FRB = "FRB"
    OTHER = "other"


class Position(Part):
    """A circle on the sky, ICRS."""

    ra: float
    """Degrees, 0 to 360."""
    dec: float
    """Degrees."""
    radius: float
    """Degrees; of an ellipse its larger half axis."""
    containment: float = 0.9
    """Probability that the circle holds the source."""
    systematic: bool | None = None
    """Whether systematic errors are part of the radius; None: it is not told."""
    ellipse: tuple[float, ...] = ()
    """Half axes and position angle, degrees, where it is one."""


class MapReference(Part):
    """A sky map that came with a notice, or that it names."""

    sha256: str = ""
    """Of the bytes as they came, which are kept as an upload; empty: only an address was given."""
    size: int = 0
    """Bytes."""
    url: str = ""
    """Where its sender keeps it."""


class Coincidence(Part):
    """An event of another observatory that the sender saw together with this one."""

    observatory: str
    notice_id: str = ""
    search: str = ""
    time_difference: float | None = None
    """Seconds, the other event less this one."""
    far: float | None = None
    """Hz, of the coincidence."""


class Citation(Part):
    """Another notice that this one names."""

    how: str
    """``followup``, ``supersedes`` or ``retraction``."""
    ident: str


class Notice(Part):
    """One notice; texts of times are UTC, ISO 8601 with ``Z``, a leap second has the second 60."""

    format: str
    """``voevent``, ``lvk-json``, ``lvk-avro`` or ``gcn-json``."""
    stream: str
    """The system that sent it, e.g. ``lvk`` or ``fermi-gbm``."""
    event_key: str
    """``<stream>:<id>``: the event."""
    ident: str
    """What its sender calls the notice."""
    label: str
    """Its version in a word, e.g. ``2-INITIAL``."""
    kind: NoticeKind
    messenger: Messenger = Messenger.OTHER
    serial: int | None = None
    """Number of the notice among those of its event; None: the stream has none."""
    issued: str | None = None
    role: str = ""
    """As its sender tells it."""
    test: bool = False
    """Whether it is a mock, a test or an injection: nothing of it goes to topics of real events."""
    why_test: str = ""
    aliases: tuple[str, ...] = ()
    """Other names of the event."""
    related: tuple[str, ...] = ()
    """Other events that it names."""
    cites: tuple[Citation, ...] = ()
    trigger_time: str | None = None
    trigger: bool = True
    """Whether `trigger_time` is that of the event, and not of a later observation of it."""
    time_error: float | None = None
    """Seconds."""
    search_time: str | None = None
    """When gamma rays are expected, where that is not the time of the trigger: of a radio burst without dispersion."""
    position: Position | None = None
    map: MapReference | None = None
    combined_map: MapReference | None = None
    """With the external event."""
    significant: bool | None = None
    far: float | None = None
    """Hz."""
    snr: float | None = None
    classification: dict[str, float] = Field(default_factory=dict)
    properties: dict[str, float] = Field(default_factory=dict)
    coincidence: Coincidence | None = None
    details: dict[str, str | float] = Field(default_factory=dict)
    """What else may matter to a reader: pipeline, search, detectors, dispersion measure."""
    remarks: tuple[str, ...] = ()
    """What of the message was odd, and how it was taken."""
