"""A store in memory, so that accounts, tokens and the audit trail run as they are."""

from collections.abc import Iterator
from datetime import UTC, datetime

from mesh.errors import NotFound, StoreUnavailable
from mesh.settings import StoreSettings
from mesh.store.objects import Objects, StoredObject


class MemoryObjects(Objects):
    """Objects in a dictionary."""

    def __init__(self) -> None:
        super().__init__(StoreSettings(endpoint="store.invalid", access_key="a", secret_key="b" * 8))
        self.content: dict[str, bytes] = {}
        self.away = False
        self.asked: list[str] = []
        """Names that were read."""

    def put(self, name: str, content: bytes, media_type: str = "application/octet-stream") -> None:
        """Write an object."""
        self._answer()
        self.content[name] = content

    def swap(
        self, name: str, content: bytes, tag: str | None, media_type: str = "application/octet-stream"
    ) -> str | None:
        """Write an object in the place of a known one, or of none."""
        self._answer()
        there = self.content.get(name)
        if tag != (None if there is None else str(hash(there))):
            return None
        self.content[name] = content
        return str(hash(content))

    def get(self, name: str) -> bytes:
        """Return an object."""
        self._answer()
        self.asked.append(name)
        if name not in self.content:
            raise NotFound(name)
        return self.content[name]

    def get_tagged(self, name: str) -> tuple[bytes, str]:
        """Return an object with its tag."""
        content = self.get(name)
        return content, str(hash(content))

    def list(self, prefix: str) -> Iterator[StoredObject]:
        """Return the objects below a prefix."""
        self._answer()
        for name in sorted(self.content):
            if name.startswith(prefix):
                yield StoredObject(name, len(self.content[name]), datetime.now(UTC))

    def delete(self, name: str) -> None:
        """Delete an object."""
        self._answer()
        self.content.pop(name, None)

    def _answer(self) -> None:
        if self.away:
            raise StoreUnavailable("StoreUnavailable", "store.invalid does not answer")
