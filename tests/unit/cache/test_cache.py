"""The cache on doubles of its stores: what it does about damage."""

from collections.abc import Iterator, Sequence
from typing import Any

from mesh.contracts import UnitEvent
from mesh.states import UnitState
from services.cache.cache import Cache


class Products:
    """Products of which one has a damaged manifest."""

    def __init__(self) -> None:
        self.entered: list[str] = []
        self.complete = False

    def keys(self) -> Iterator[str]:
        """Return three keys."""
        yield from ("known", "new", "vanished")

    def indexed(self, keys: Sequence[str]) -> list[bool]:
        """Know one of them."""
        return [key == "known" for key in keys]

    def find(self, key: str) -> str | None:
        """Find one of them."""
        self.entered.append(key)
        return None if key == "vanished" else key

    def index_is_complete(self) -> bool:
        """Say what was marked."""
        return self.complete

    def begin_index(self) -> str:
        """Begin."""
        return "life"

    def mark_index_complete(self, begun: str) -> bool:
        """Mark."""
        self.complete = begun == "life"
        return self.complete


class Usage:
    """Counts in memory."""

    def stages(self) -> list[Any]:
        """Return nothing."""
        return []


def event(key: str, state: UnitState) -> UnitEvent:
    return UnitEvent(event_id="e", unit_key=key, instrument="noop", stage="window", label="w", run_id="r", state=state)


def test_an_index_is_completed() -> None:
    products = Products()
    cache = Cache(products, Usage())  # type: ignore[arg-type]

    assert cache.complete_index()

    assert products.entered == ["new", "vanished"]
    assert products.complete


def test_a_complete_index_is_left_alone() -> None:
    products = Products()
    products.complete = True
    Cache(products, Usage()).look()  # type: ignore[arg-type]
    assert not products.entered


def test_only_what_was_made_and_is_not_known_is_entered() -> None:
    products = Products()
    cache = Cache(products, Usage())  # type: ignore[arg-type]

    cache.happened(event("known", UnitState.DONE))
    cache.happened(event("new", UnitState.DONE))
    cache.happened(event("new", UnitState.CACHED))

    assert products.entered == ["new"]
