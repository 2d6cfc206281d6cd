"""A unit of work: one stage on one science window (or on the whole job), as it travels to an instrument service."""

from typing import Any, ClassVar, Literal

from mesh.contracts.document import Document, Part, schema_of
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


class UploadInput(Part):
    """A file that a caller sent, in the store under the hash of its content."""

    ALWAYS_IN_KEYS = frozenset({"kind"})

    kind: Literal["upload"] = "upload"
    role: str
    """The parameter that names it, e.g. ``sky_map``."""
    label: str
    """The first 16 digits of the hash."""
    digest: str
    """SHA-256, 64 hexadecimal digits."""


UnitInput = ArchiveInput | ProductInput | UploadInput


class UnitHead(Document):
    """What dispatchers and brokers need of a unit; what it works on stands in the documents made of it."""

    key: str
    instrument: str
    stage: str
    label: str
    """ScW id with version, or ``job`` for a stage that runs once per job."""
    image: str
    calibration: str
    lane: Lane
    user: str
    run_id: str
    """The run that had it released; others may wait for the same key."""
    asking: int = 0
    """Number of the asking that it was released for, larger than those of all before; 0: unknown."""


class Unit(UnitHead):
    """Message of type ``odamesh.unit/1`` on ``mesh.units``, routing key ``<instrument>.<lane>``."""

    SCHEMA: ClassVar[str] = "odamesh.unit/1"

    parameters: dict[str, Any]
    inputs: tuple[UnitInput, ...]


class PackedUnit(UnitHead):
    """The same message where parameters or inputs are too large to travel with every unit of a run.

    They are then stored once, under their own hash. The schema is another one: who does not know it must not take the
    unit for one without parameters.
    """

    SCHEMA: ClassVar[str] = "odamesh.packed-unit/1"

    parameters_part: str
    """Hash of its `UnitParameters`."""
    inputs: tuple[UnitInput, ...]
    """Those that only this unit has."""
    inputs_part: str = ""
    """Hash of an `InputList` that follows them; empty for none."""


class UnitParameters(Document):
    """``parts/<hash>.json``: parameters that many units share."""

    SCHEMA: ClassVar[str] = "odamesh.unit-parameters/1"

    parameters: dict[str, Any]


class InputList(Document):
    """``parts/<hash>.json``: inputs that many units share, or a long list of one."""

    SCHEMA: ClassVar[str] = "odamesh.input-list/1"

    inputs: tuple[UnitInput, ...]


def read_unit(message: str | bytes) -> Unit | PackedUnit:
    """Read the message of a unit, packed or not.

    Raises:
        ContractViolation: it is neither.
    """
    return PackedUnit.decode(message) if schema_of(message) == PackedUnit.SCHEMA else Unit.decode(message)
