"""How many users share the mesh."""

import redis

from mesh.store import names
from mesh.store.loads import DAY_SECONDS, Loads


def test_there_is_room_for_so_many_users_a_day(index: redis.Redis) -> None:
    loads = Loads(index)
    assert [loads.admit(user, 2) for user in ("ada", "bob", "eve", "ada")] == [True, True, False, True]
    index.zincrby(names.USERS, -DAY_SECONDS - 1, "bob")
    assert loads.admit("eve", 2)
    assert not loads.admit("bob", 2)
