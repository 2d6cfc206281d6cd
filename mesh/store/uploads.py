"""Files that callers send as inputs of their jobs: kept once, under the hash of their content."""

import hashlib
from pathlib import Path

from mesh.errors import NotFound, StoreUnavailable
from mesh.store import names
from mesh.store.objects import Objects


class Uploads:
    """Keeps and reads uploads; like requests they stay. Every method raises StoreUnavailable when MinIO is away."""

    def __init__(self, objects: Objects) -> None:
        self._objects = objects

    def keep(self, content: bytes) -> str:
        """Store a file, and return the SHA-256 (64 hex digits) that jobs name it by."""
        digest = hashlib.sha256(content).hexdigest()
        self._objects.put_new(names.upload_object(digest), content)
        return digest

    def there(self, digest: str) -> bool:
        """Say whether a file was uploaded."""
        return next(self._objects.list(names.upload_object(digest)), None) is not None

    def fetch(self, digest: str, into: Path) -> str:
        """Put a file into a directory, and return its name there.

        Raises:
            NotFound: nothing with that hash was uploaded.
            StoreUnavailable: also where the store gives other bytes.
        """
        into.mkdir(parents=True, exist_ok=True)
        path = into / digest
        try:
            found = self._objects.download(names.upload_object(digest), path)
        except NotFound:
            path.unlink(missing_ok=True)
            raise
        if found != digest:
            path.unlink()
            raise StoreUnavailable("UploadDamaged", f"the store gave other bytes than upload {digest}")
        return path.name
