"""The manifest of a product: written last, so that its presence is the commit."""

from typing import Any, ClassVar

from pydantic import Field

from mesh.contracts.document import Document, Part
from mesh.contracts.unit import UnitInput


class ProductFile(Part):
    """One file of a product."""

    name: str
    sha256: str
    size: int
    """Bytes."""
    media_type: str


class Resources(Part):
    """What making the product took."""

    seconds: float
    peak_rss_mb: float | None = None
    runner: str
    """docker, warm, local or fake."""
    worker: str


class Manifest(Document):
    """``products/<kk>/<unit_key>/manifest.json``."""

    SCHEMA: ClassVar[str] = "odamesh.manifest/1"

    key: str
    instrument: str
    stage: str
    label: str
    parameters: dict[str, Any]
    inputs: tuple[UnitInput, ...]
    files: tuple[ProductFile, ...]
    image: str
    calibration: str
    code_version: str
    started: str
    finished: str
    run_id: str
    """The run that made it: what a cached unit links to."""
    resources: Resources
    warnings: tuple[str, ...] = ()
    summary: dict[str, Any] = Field(default_factory=dict)
