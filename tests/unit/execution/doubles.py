"""Stores, leases and archive in memory, for executing units without servers."""

from collections.abc import Callable, Mapping
from pathlib import Path

from mesh.contracts import Manifest, UnitEvent
from mesh.errors import NotFound, StoreUnavailable
from mesh.states import UnitState


class MemoryUploads:
    """Files that callers sent."""

    def __init__(self) -> None:
        self.files: dict[str, bytes] = {}

    def fetch(self, digest: str, into: Path) -> str:
        """Put a file into a directory."""
        if digest not in self.files:
            raise NotFound(digest)
        (into / digest).write_bytes(self.files[digest])
        return digest


class MemoryProducts:
    """Products in memory; `broken` makes it unreachable."""

    def __init__(self) -> None:
        self.manifests: dict[str, Manifest] = {}
        self.files: dict[str, dict[str, bytes]] = {}
        self.logs: dict[str, bytes] = {}
        self.broken = False
        self.uploads = MemoryUploads()

    def absent(self, key: str) -> bool:
        """Say whether it is not there."""
        self._reach()
        return key not in self.manifests

    def find(self, key: str) -> Manifest | None:
        """Return a manifest or None."""
        self._reach()
        return self.manifests.get(key)

    def fetch(self, key: str, into: Path) -> Manifest:
        """Write the files of a product."""
        self._reach()
        if key not in self.manifests:
            raise NotFound(f"there is no product {key}")
        for name, content in self.files[key].items():
            (into / name).write_bytes(content)
        return self.manifests[key]

    def commit(self, manifest: Manifest, directory: Path, log: bytes) -> None:
        """Keep a product."""
        self._reach()
        self.files[manifest.key] = {file.name: (directory / file.name).read_bytes() for file in manifest.files}
        self.logs[manifest.key] = log
        self.manifests[manifest.key] = manifest

    def put_failure_log(self, key: str, log: bytes) -> None:
        """Keep a log."""
        self._reach()
        self.logs[key] = log

    def _reach(self) -> None:
        if self.broken:
            raise StoreUnavailable("StoreUnavailable", "as asked for")


class MemoryLeases:
    """Leases in memory: `owners` live, `unwanted` keys are cancelled."""

    def __init__(self) -> None:
        self.held: dict[str, str] = {}
        self.owners: set[str] = {"me"}
        self.unwanted: set[str] = set()
        self.over: dict[str, int] = {}
        self.died: dict[str, int] = {}

    def take(self, unit_key: str, owner: str, seconds: float) -> bool:
        """Take the lease unless another has it."""
        assert seconds > 30, "a lease shorter than its unit ends under way"
        return self.held.setdefault(unit_key, owner) == owner

    def renew(self, unit_key: str, owner: str, seconds: float) -> bool:
        """Keep the lease, or take it again."""
        return self.take(unit_key, owner, seconds)

    def release(self, unit_key: str, owner: str) -> None:
        """Give the lease back."""
        if self.held.get(unit_key) == owner:
            del self.held[unit_key]

    def bury(self, unit_key: str, owner: str) -> None:
        """Free what a dead owner holds, and count."""
        self.release(unit_key, owner)
        self.died[unit_key] = self.deaths(unit_key) + 1

    def deaths(self, unit_key: str) -> int:
        """Return the count."""
        return self.died.get(unit_key, 0)

    def acquit(self, unit_key: str) -> None:
        """Forget the count."""
        self.died.pop(unit_key, None)

    def holder(self, unit_key: str) -> str | None:
        """Return who has the lease."""
        return self.held.get(unit_key)

    def owner_alive(self, owner: str) -> bool:
        """Say whether an owner lives."""
        return owner in self.owners

    def unit_wanted(self, unit_key: str, asking: int = 0) -> bool:
        """Say whether a unit is not cancelled, and this asking for it not over."""
        return unit_key not in self.unwanted and not 0 < asking <= self.over.get(unit_key, 0)


class MemoryArchive:
    """An archive of a few files whose stamp is their length."""

    def __init__(self, files: Mapping[str, bytes]) -> None:
        self.files = dict(files)

    def stamp(self, path: str) -> str:
        """Return the length as the stamp."""
        return str(len(self.files[path]))

    def fetch(self, path: str, into: Path) -> Path:
        """Write a file."""
        target = into / Path(path).name
        target.write_bytes(self.files[path])
        return target


def at_once(tell: Callable[[], None]) -> Callable[[], None]:
    """Tell without delay; too late to recall it."""
    tell()
    return lambda: None


class Heard:
    """Remembers events."""

    def __init__(self) -> None:
        self.events: list[UnitEvent] = []

    def __call__(self, event: UnitEvent) -> None:
        """Keep an event."""
        self.events.append(event)

    @property
    def states(self) -> list[UnitState]:
        """Return the states told, steps left out."""
        return [event.state for event in self.events if event.step is None]

    @property
    def steps(self) -> list[str]:
        """Return the steps told."""
        return [event.step for event in self.events if event.step is not None]
