"""What is kept and what was removed: pins of products, and the record of a product whose files are gone."""

from typing import ClassVar

from mesh.contracts.document import Document
from mesh.contracts.manifest import Manifest


class Pin(Document):
    """``pins/<name>.json``: products that are never removed, because something outside refers to them."""

    SCHEMA: ClassVar[str] = "odamesh.pin/1"

    name: str
    """Job id, product key, or a word of the operator."""
    reason: str
    """Why, for a person: a publication, the gallery."""
    keys: tuple[str, ...]
    """Of the products."""
    pinned: str
    """UTC, ISO 8601 with ``Z``."""


class EvictedProduct(Document):
    """``evicted/<unit_key>.json``: how a product was made whose files were removed; the same key gives them again."""

    SCHEMA: ClassVar[str] = "odamesh.evicted-product/1"

    manifest: Manifest
    reason: str
    evicted: str
    """UTC, ISO 8601 with ``Z``."""
