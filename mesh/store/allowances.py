"""Allowances of users: the document in MinIO, and what the release of units needs of it in Redis."""

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


def write_allowances(objects: Objects, allowances: Allowances) -> None:
    """Store the allowances; the mesh follows within seconds.

    Raises:
        StoreUnavailable: MinIO is out of reach.
    """
    objects.put(names.ALLOWANCES, allowances.encode(), _JSON)


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
