"""A unit of work: one stage on one science window (or on the whole job), as it travels to an instrument service."""

from typing import Any, ClassVar, Literal

from mesh.contracts.document import Document, Part
from mesh.contracts.request import Lane


class ArchiveInput(Part):
    """Files of one science window in the archive."""

    ALWAYS_IN_KEYS = frozenset({"kind"})

    kind: Literal["archive"] = "archive"
    role: str
    """What the stage calls them, e.g. ``events``."""
    label: str
    """Science window with version, e.g. ``201600270010.001``."""
    path: str
    """Relative to the archive, e.g. ``scw/2016/201600270010.001``."""
    files: tuple[str, ...]
    stamp: str
    """Fingerprint of the files' content: another version of the data is another key."""


class ProductInput(Part):
    """Products of an earlier unit."""

    ALWAYS_IN_KEYS = frozenset({"kind"})

    kind: Literal["product"] = "product"
    role: str
    """Name of the stage that made them, e.g. ``image``."""
    label: str
    key: str


UnitInput = ArchiveInput | ProductInput


class Unit(Document):
    """Message of type ``odamesh.unit/1`` on ``mesh.units``, routing key ``<instrument>.<lane>``."""

    SCHEMA: ClassVar[str] = "odamesh.unit/1"

    key: str
    instrument: str
    stage: str
    label: str
    """ScW id with version, or ``job`` for a stage that runs once per job."""
    parameters: dict[str, Any]
    inputs: tuple[UnitInput, ...]
    image: str
    calibration: str
    lane: Lane
    user: str
    run_id: str
    """The run that had it released; others may wait for the same key."""
    asking: int = 0
    """Number of the asking that it was released for, larger than those of all before; 0: unknown."""
