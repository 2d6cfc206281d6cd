"""Documents that several people change at the same moment, and a store whose bucket is gone."""

from collections.abc import Callable, Iterator

import pytest
import redis

from mesh.contracts import Allowance, Allowances, Pin
from mesh.errors import StoreUnavailable
from mesh.settings import Connections
from mesh.store import names
from mesh.store.allowances import change_allowances, read_allowances
from mesh.store.objects import Objects
from mesh.store.pins import Pins

NOW = "2026-11-22T12:00:00.000Z"


def pin(name: str, *keys: str) -> Pin:
    return Pin(name=name, reason="kept", keys=keys, pinned=NOW)


def test_a_pin_that_somebody_else_puts_meanwhile_is_not_lost(
    objects: Objects, index: redis.Redis, monkeypatch: pytest.MonkeyPatch
) -> None:
    mine, theirs = Pins(objects, index), Pins(objects, index)
    read = Pins.all

    def slow(pins: Pins) -> Iterator[Pin]:
        found = list(read(pins))
        monkeypatch.setattr(Pins, "all", read)
        theirs.put(pin("theirs", "k2"))
        return iter(found)

    monkeypatch.setattr(Pins, "all", slow)
    mine.put(pin("mine", "k1"))

    assert index.smembers(names.PINNED) == {"k1", "k2"}


def test_an_allowance_that_somebody_else_changes_meanwhile_is_not_lost(objects: Objects) -> None:
    def entry(user: str, before: Callable[[], object]) -> Callable[[Allowances], Allowances]:
        calls = iter([before])

        def change(allowances: Allowances) -> Allowances:
            next(calls, lambda: None)()
            return allowances.model_copy(update={"users": {**allowances.users, user: Allowance(weight=2)}})

        return change

    def theirs(user: str) -> Callable[[], object]:
        return lambda: change_allowances(objects, entry(user, lambda: None))

    change_allowances(objects, entry("ada", theirs("bob")))  # both make the first document
    change_allowances(objects, entry("eve", theirs("dan")))  # both change it
    assert set(read_allowances(objects).users) == {"ada", "bob", "eve", "dan"}


def test_a_bucket_that_is_gone_is_no_object_that_is_not_there(server_settings: Connections) -> None:
    gone = Objects(server_settings.store.model_copy(update={"bucket": "test-not-mounted"}))
    asks: tuple[Callable[[], object], ...] = (
        lambda: gone.get("jobs/one.json"),
        lambda: gone.get_tagged("jobs/one.json"),
        lambda: list(gone.list("jobs/")),
        lambda: gone.put("jobs/one.json", b"x"),
        lambda: gone.put_new("jobs/one.json", b"x"),
        lambda: gone.replace("jobs/one.json", b"x", "tag"),
        lambda: gone.delete("jobs/one.json"),
    )
    for ask in asks:
        with pytest.raises(StoreUnavailable):
            ask()
