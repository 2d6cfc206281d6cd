"""Deletes jobs that have ended: the handle of their caller, and nothing that others may need.

What was asked for stays under its key, and what was made under its own, so that a deleted job can be made again. A
tombstone, the end of the job, stays too: it says what to do instead of that there was no such job.
"""

from typing import Any

import redis

from mesh.clock import utc_now
from mesh.errors import NotFound
from mesh.store import names
from mesh.store.connect import redis_answers
from mesh.store.ends import Ends
from mesh.store.objects import Objects
from mesh.store.requests import Requests
from mesh.store.runs import RECORD_SECONDS


class Deletion:
    """Deletes; doing it again changes nothing. Every method raises StoreUnavailable when a server is out of reach."""

    def __init__(self, objects: Objects, index: redis.Redis) -> None:
        self._requests = Requests(objects)
        self._ends = Ends(self._requests, index)
        self._redis: Any = index

    def delete(self, job_id: str) -> bool:
        """Delete a job that has ended; false when it was deleted before.

        Raises:
            NotFound: it has not ended, or there is no such job.
        """
        end = self._requests.end(job_id)
        try:
            job = self._requests.job(job_id)
        except NotFound:
            return False
        self._ends.forget(job_id)  # else it might be written over the tombstone
        # The tombstone first: at no moment does the job look as one that was lost, or that has not ended.
        self._requests.put_tombstone(end.model_copy(update={"deleted": utc_now(), "request_key": job.request_key}))
        self._forget(job_id, job.user)
        self._requests.delete_job(job_id)
        return True

    @redis_answers()
    def _forget(self, job_id: str, user: str) -> None:
        record = names.job_record(job_id)
        pipeline = self._redis.pipeline(transaction=True)
        pipeline.delete(record)
        pipeline.hset(record, "deleted", "1")
        pipeline.expire(record, RECORD_SECONDS)
        for listing in (names.ALL_JOBS, names.jobs_of(user), names.NEW_JOBS, names.DESTROY):
            pipeline.zrem(listing, job_id)
        pipeline.execute()
