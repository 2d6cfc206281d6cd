"""A fault at each call of Redis, the store or the broker: the mesh comes to rest all the same, and nothing is lost."""

import shutil
from collections.abc import Iterator
from pathlib import Path
from random import Random

import pytest
import redis

from tests.integration.crash_points.injector import Fault, Injector
from tests.integration.crash_points.scenarios import SCENARIOS
from tests.integration.crash_points.world import World

_SAMPLED = 8
"""Calls of a scenario at which each fault happens in the short form."""


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Path]:
    """Where the units of one world lie."""
    yield tmp_path / "world"


def _play(index: redis.Redis, place: Path, name: str, injector: Injector) -> list[str]:
    for key in index.scan_iter("*"):
        if not str(key).startswith("test:"):
            index.delete(key)
    world = World(index, injector, place)
    try:
        prepared = SCENARIOS[name].prepare(world)
        injector.armed = True
        check = SCENARIOS[name].act(world, prepared)
        world.recover()
        return [*world.problems(), *check()]
    finally:
        shutil.rmtree(place, ignore_errors=True)


def _found(index: redis.Redis, place: Path, name: str, fault: Fault, calls: list[int]) -> list[str]:
    found = []
    for number in calls:
        injector = Injector(at=number, fault=fault)
        problems = _play(index, place, name, injector)
        found += [f"call {number} ({injector.hit}), {fault.value}: {problem}" for problem in problems]
    return found


def _calls(index: redis.Redis, place: Path, name: str) -> int:
    counted = Injector()
    assert _play(index, place, name, counted) == []
    return counted.calls


@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_lost_between_two_steps(index: redis.Redis, place: Path, name: str, fault: Fault) -> None:
    calls = range(1, _calls(index, place, name) + 1)
    some = Random(f"{name} {fault}").sample(calls, min(_SAMPLED, len(calls)))  # noqa: S311 - no secret
    assert not _found(index, place, name, fault, sorted(some))


@pytest.mark.long
@pytest.mark.parametrize("fault", Fault, ids=lambda fault: fault.name.lower())
@pytest.mark.parametrize("name", SCENARIOS)
def test_nothing_is_lost_between_any_two_steps(index: redis.Redis, place: Path, name: str, fault: Fault) -> None:
    assert not _found(index, place, name, fault, list(range(1, _calls(index, place, name) + 1)))
