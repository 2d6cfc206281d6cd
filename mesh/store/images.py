"""Which images are still needed: to make stored products again, and to go on with what runs."""

from typing import Any

import redis

from mesh.store import names
from mesh.store.connect import redis_answers


@redis_answers()
def images_in_use(index: redis.Redis) -> frozenset[str] | None:
    """Return the images that a stored product or a run that has not ended names.

    None while that is not known: Redis lost its data and not every product is in the index again.

    Raises:
        StoreUnavailable: Redis is out of reach.
    """
    pipeline: Any = index.pipeline(transaction=True)
    pipeline.exists(names.INDEX_COMPLETE)
    pipeline.hgetall(names.IMAGES)
    pipeline.smembers(names.ACTIVE_RUNS)
    complete, counts, runs = pipeline.execute()
    made = {image for image, products in counts.items() if int(products) > 0}
    if not complete or "" in made:
        return None
    running = index.pipeline(transaction=False)
    for run_id in runs:
        running.hget(names.run_record(run_id), "image")
    return frozenset(made | {image for image in running.execute() if image})
