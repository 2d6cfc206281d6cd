"""What processes tell of the object store: how long it takes, and how often it does not answer."""

from collections.abc import Callable
from typing import Any

import pytest

from mesh.errors import StoreUnavailable
from mesh.settings import StoreSettings
from mesh.store import metrics
from mesh.store.objects import Objects


def _used(verb: str) -> tuple[float, float]:
    """Return how many uses were timed, and how many failed."""
    (family,) = metrics.STORE_SECONDS.collect()
    timed = sum(one.value for one in family.samples if one.name.endswith("_count") and one.labels["verb"] == verb)
    return timed, metrics.STORE_FAILURES.labels(verb)._value.get()


@pytest.mark.parametrize(
    ("verb", "use", "timed"),
    [
        ("get", lambda store: store.get("a/b"), 1),
        ("put", lambda store: store.put_new("a/b", b""), 1),
        ("get", lambda store: list(store.blocks("a/b", 10)), 0),
        ("list", lambda store: list(store.list("a/")), 0),
    ],
)
def test_a_store_that_does_not_answer_is_counted_and_timed_unless_its_caller_sets_the_pace(
    verb: str, use: Callable[[Objects], Any], timed: int
) -> None:
    store = Objects(StoreSettings(endpoint="127.0.0.1:1", access_key="a", secret_key="b" * 8))
    seen, failed = _used(verb)
    with pytest.raises(StoreUnavailable):
        use(store)
    assert _used(verb) == (seen + timed, failed + 1)
