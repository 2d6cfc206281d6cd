"""Verifies products: every file of a manifest is read and hashed again; and finds files that no manifest names."""

import hashlib
import random
from collections.abc import Iterator, Sequence
from typing import NamedTuple

from mesh.contracts import Manifest
from mesh.errors import ContractViolation, NotFound
from mesh.store import names
from mesh.store.objects import Objects

_BLOCK_BYTES = 1 << 20


class Verified(NamedTuple):
    """What came of one product."""

    key: str
    files: int
    bytes: int
    """Read and hashed."""
    damage: str
    """What is wrong, or empty."""


class Verification:
    """Reads products; changes nothing. Every method raises StoreUnavailable when MinIO is out of reach."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def committed(self) -> list[str]:
        """Return the keys of all committed products."""
        listed = self._objects.list(names.PRODUCTS)
        return [entry.name.split("/")[2] for entry in listed if entry.name.endswith(f"/{names.MANIFEST}")]

    def sample(self, keys: Sequence[str], size: int | None) -> list[str]:
        """Return so many of the keys, chosen anew each time; None: all."""
        if size is None or size >= len(keys):
            return list(keys)
        return sorted(random.sample(list(keys), size))

    def verify(self, keys: Sequence[str]) -> Iterator[Verified]:
        """Read every file of these products and compare its hash with the manifest."""
        for key in keys:
            yield self._verify(key)

    def _verify(self, key: str) -> Verified:
        try:
            manifest = Manifest.decode(self._objects.get(names.product_object(key, names.MANIFEST)))
        except NotFound:
            return Verified(key, 0, 0, "")  # removed since it was listed
        except ContractViolation as error:
            return Verified(key, 0, 0, f"its manifest cannot be read: {error}")
        size = 0
        for file in manifest.files:
            digest = hashlib.sha256()
            read = 0
            try:
                for block in self._objects.blocks(names.product_object(key, file.name), _BLOCK_BYTES):
                    digest.update(block)
                    read += len(block)
            except NotFound:
                return Verified(key, len(manifest.files), size, f"{file.name} is not there")
            size += read
            if digest.hexdigest() != file.sha256:
                text = f"{file.name} has SHA-256 {digest.hexdigest()} ({read} bytes), not {file.sha256} ({file.size})"
                return Verified(key, len(manifest.files), size, text)
        return Verified(key, len(manifest.files), size, "")
