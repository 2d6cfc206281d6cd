"""Allowances of users: the document in MinIO, and what the release of units needs of it in Redis."""

from collections.abc import Callable
from typing import Any

import redis

from mesh.contracts import Allowances
from mesh.errors import NotFound
from mesh.store import names
from mesh.store.connect import redis_answers
from mesh.store.objects import Objects

_JSON = "application/json"


def read_allowances(objects: Objects) -> Allowances:
    """Return the allowances; the defaults where nobody has set any.

    Raises:
        StoreUnavailable: MinIO is out of reach.
    """
    try:
        return Allowances.decode(objects.get(names.ALLOWANCES))
    except NotFound:
        return Allowances()


def change_allowances(objects: Objects, change: Callable[[Allowances], Allowances]) -> Allowances:
    """Change the allowances and return what they are now; the mesh follows within seconds.

    Of two who change them at once, one changes what the other one has written.

    Args:
        objects: the store.
        change: makes the new ones of the present ones; called again when those changed meanwhile.

    Raises:
        StoreUnavailable: MinIO is out of reach.
    """
    while True:
        try:
            text, tag = objects.get_tagged(names.ALLOWANCES)
        except NotFound:
            changed = change(Allowances())
            done = objects.put_new(names.ALLOWANCES, changed.encode(), _JSON)
        else:
            changed = change(Allowances.decode(text))
            done = objects.replace(names.ALLOWANCES, changed.encode(), tag, _JSON)
        if done:
            return changed


@redis_answers()
def index_allowances(index: redis.Redis, allowances: Allowances) -> None:
    """Give weights and budgets to the release of units.

    Raises:
        StoreUnavailable: Redis is out of reach.
    """
    everyone = {names.EVERYBODY: allowances.everybody, **allowances.users}
    budgets = {user: own.budget_s for user, own in everyone.items() if own.budget_s is not None}
    pipeline: Any = index.pipeline(transaction=True)
    pipeline.delete(names.WEIGHTS, names.BUDGETS)
    pipeline.hset(names.WEIGHTS, mapping={user: own.weight for user, own in everyone.items()})
    if budgets:
        pipeline.hset(names.BUDGETS, mapping=budgets)
    pipeline.execute()
