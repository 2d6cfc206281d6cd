"""Several jobs with one id at the same moment: one is stored, and nobody gets the products of another request."""

import threading
from collections.abc import Callable

import pytest
import redis

from mesh.contracts import Analysis, Job
from mesh.errors import IdTaken
from mesh.store.jobs import Jobs
from mesh.store.objects import Objects
from mesh.store.requests import Requests
from tests.integration.store.corner import MakeJob

_WRITERS = 12


class _Unconditional(Objects):
    """A store that does not know conditional writes: the last one wins."""

    def put_new(self, name: str, content: bytes, media_type: str = "application/octet-stream") -> bool:
        self.put(name, content, media_type)
        return True


def _at_once(count: int, work: Callable[[int], str]) -> list[str]:
    """Do the same many times at once; returns what each said."""
    barrier, said = threading.Barrier(count), [""] * count

    def one(number: int) -> None:
        barrier.wait()
        said[number] = work(number)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return said


def test_of_many_writers_of_one_object_one_wins(objects: Objects) -> None:
    said = _at_once(_WRITERS, lambda number: str(objects.put_new("jobs/one.json", f"{number}".encode())))
    assert sorted(said) == ["False"] * (_WRITERS - 1) + ["True"]
    assert objects.get("jobs/one.json") == f"{said.index('True')}".encode()
    assert not objects.put_new("jobs/one.json", b"late")


@pytest.mark.parametrize("conditional", [True, False], ids=["minio", "rclone"])
def test_of_two_requests_with_one_id_one_wins(
    objects: Objects, index: redis.Redis, analysis: Analysis, make_job: MakeJob, *, conditional: bool
) -> None:
    if not conditional:
        objects.__class__ = _Unconditional
    other = analysis.model_copy(update={"parameters": {**analysis.parameters, "salt": "other"}})
    job = make_job()
    jobs = Jobs(objects, index)

    def store(number: int) -> str:
        asked = (analysis, other)[number % 2]
        try:
            return jobs.store(asked, job.model_copy(update={"request_key": asked.key})).request_key
        except IdTaken:
            return "taken"

    said = _at_once(_WRITERS, store)
    stored: Job = Requests(objects).job(job.job_id)
    assert sorted(said) == sorted([stored.request_key] * (_WRITERS // 2) + ["taken"] * (_WRITERS // 2))


def test_the_document_says_whose_the_id_is_when_the_claim_is_gone(
    objects: Objects, index: redis.Redis, analysis: Analysis, make_job: MakeJob
) -> None:
    job, other = make_job(), analysis.model_copy(update={"parameters": {"salt": "other"}})
    jobs = Jobs(objects, index)
    jobs.store(analysis, job)
    index.flushdb()
    assert jobs.store(analysis, job.model_copy(update={"submitted": "2027-01-01T00:00:00.000Z"})) == job
    index.flushdb()
    with pytest.raises(IdTaken):
        jobs.store(other, job.model_copy(update={"request_key": other.key}))
