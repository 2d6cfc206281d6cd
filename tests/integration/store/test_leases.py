"""Leases, owners and announcements on the real Redis."""

import time

import redis

from mesh.store.announcements import Announcement, Announcements
from mesh.store.leases import Leases


def test_one_owner_at_a_time(index: redis.Redis) -> None:
    leases = Leases(index)
    assert leases.take("k", "w1", 60)
    assert leases.take("k", "w1", 60)
    assert not leases.take("k", "w2", 60)
    assert not leases.renew("k", "w2", 60)
    leases.release("k", "w2")
    assert leases.holder("k") == "w1"

    leases.release("k", "w1")
    assert leases.take("k", "w2", 60)


def test_a_lease_runs_out(index: redis.Redis) -> None:
    leases = Leases(index)
    assert leases.take("k", "w1", 0.05)
    while not leases.take("k", "w2", 60):
        time.sleep(0.01)
    assert leases.holder("k") == "w2"


def test_a_lease_lost_with_the_data_is_taken_again(index: redis.Redis) -> None:
    leases = Leases(index)
    leases.take("k", "w1", 60)
    index.flushdb()
    assert leases.renew("k", "w1", 60)
    assert leases.holder("k") == "w1"


def test_owners_live_while_they_beat(index: redis.Redis) -> None:
    leases = Leases(index)
    assert not leases.owner_alive("w1")
    leases.beat("w1", 0.05)
    while leases.owner_alive("w1"):
        time.sleep(0.01)
    leases.beat("w1")
    assert leases.owner_alive("w1")
    leases.retire("w1")
    assert not leases.owner_alive("w1")


def test_units_nobody_spoke_of_are_wanted(index: redis.Redis) -> None:
    assert Leases(index).unit_wanted("k")


def test_deaths_with_a_unit_are_counted_once_each(index: redis.Redis) -> None:
    leases = Leases(index)
    assert leases.deaths("k") == 0
    for owner in ("w1", "w2"):
        leases.take("k", owner, 60)
        leases.bury("k", "somebody else")
        leases.bury("k", owner)
        leases.bury("k", owner)
    assert leases.holder("k") is None
    assert leases.deaths("k") == 2
    leases.acquit("k")
    assert leases.deaths("k") == 0


def test_who_was_asked_to_end_does_not_blame_its_units(index: redis.Redis) -> None:
    leases = Leases(index)
    leases.take("k", "w1", 60)
    leases.leave_soon("w1")
    leases.bury("k", "w1")
    assert (leases.holder("k"), leases.deaths("k")) == (None, 0)


def announcement(worker: str, image: str = "sha256:1", slots: int = 2) -> Announcement:
    return Announcement(image=image, calibration="c", runner="warm", worker=worker, slots=slots)


def test_slots_of_living_workers_add_up(index: redis.Redis) -> None:
    announcements = Announcements(index)
    assert announcements.announced("noop") is None
    announcements.announce("noop", announcement("w1"))
    announcements.announce("noop", announcement("w2", slots=3))
    announced = announcements.announced("noop")
    assert announced is not None
    assert (announced.slots, announced.workers, announced.image) == (5, ("w1", "w2"), "sha256:1")

    announcements.withdraw("noop", "w1")
    announcements.withdraw("noop", "w2")

    announced = announcements.announced("noop")
    assert announced is not None
    assert (announced.slots, announced.workers, announced.image) == (0, (), "sha256:1")
    announcements.announce("noop", announcement("w1"))
    announced = announcements.announced("noop")
    assert announced is not None
    assert announced.workers == ("w1",)


def test_in_a_roll_out_the_newer_image_counts(index: redis.Redis) -> None:
    announcements = Announcements(index)
    announcements.announce("noop", announcement("old"))
    announcements.announce("noop", announcement("new", image="sha256:2"))
    announcements.announce("noop", announcement("old"))

    announced = announcements.announced("noop")

    assert announced is not None
    assert (announced.image, announced.slots) == ("sha256:2", 4)
    assert announced.run == {("sha256:1", "c"), ("sha256:2", "c")}
    announcements.withdraw("noop", "old")
    announced = announcements.announced("noop")
    assert announced is not None
    assert announced.run == {("sha256:2", "c")}
