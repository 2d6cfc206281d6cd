"""Ends of jobs: from the records, where they happen, to their documents, which stay.

The records keep an end until its document is known to be written. So whatever dies or is away between the two, the end
is written by the next one who looks.
"""

import json
from typing import Any

import redis

from mesh.contracts import JobEnd
from mesh.store import names
from mesh.store.connect import redis_answers
from mesh.store.requests import Requests

_AT_ONCE = 200


class Ends:
    """Writes documents of ends. Every method raises StoreUnavailable when MinIO or Redis is out of reach."""

    def __init__(self, requests: Requests, index: redis.Redis) -> None:
        self._requests = requests
        self._redis: Any = index

    def write(self) -> None:
        """Write the document of every end that is not known to be written."""
        for job_id, text in self._pending():
            self._requests.put_end(JobEnd.read({"job_id": job_id, "run_id": None, **json.loads(text)}))
            self.forget(job_id)

    @redis_answers()
    def forget(self, job_id: str) -> None:
        """Note that the end of a job needs not be written (any more)."""
        self._redis.hdel(names.ENDING_JOBS, job_id)

    @redis_answers()
    def _pending(self) -> list[tuple[str, str]]:
        return list(self._redis.hscan_iter(names.ENDING_JOBS, count=_AT_ONCE))
