"""Fixtures of a private corner of the real Redis and MinIO; also used by the tests of the dispatcher."""

import uuid
from collections.abc import Callable, Iterator

import pytest
import redis
from minio import Minio

from mesh.contracts import Analysis, Job, Lane, Selection
from mesh.settings import Connections, Settings, SettingsError
from mesh.store.connect import redis_client
from mesh.store.objects import Objects

_TAKEN = "test:taken"
MakeJob = Callable[..., Job]


@pytest.fixture(scope="session")
def server_settings() -> Connections:
    """Return the administrator's accounts; tests that need them skip where there are none."""
    try:
        return Settings().connections("admin")
    except SettingsError as error:
        pytest.skip(f"no servers: {error}")


@pytest.fixture
def index(server_settings: Connections) -> Iterator[redis.Redis]:
    """Take an empty Redis database that nobody else uses (the mesh itself uses number 0)."""
    for database in range(15, 0, -1):
        client = redis_client(server_settings.redis, database)
        if client.set(_TAKEN, "1", nx=True, ex=600):
            break
        client.close()
    else:
        pytest.skip("all databases of Redis are taken by other tests")
    yield client
    client.flushdb()
    client.close()


@pytest.fixture
def objects(server_settings: Connections) -> Iterator[Objects]:
    """Make a bucket of its own."""
    settings = server_settings.store.model_copy(update={"bucket": f"test-{uuid.uuid4().hex}"})
    client = Minio(
        settings.endpoint,
        access_key=settings.access_key,
        secret_key=settings.secret_key,
        secure=settings.secure,
        region="us-east-1",
    )
    client.make_bucket(settings.bucket)
    yield Objects(settings)
    for entry in client.list_objects(settings.bucket, recursive=True):
        client.remove_object(settings.bucket, entry.object_name)
    client.remove_bucket(settings.bucket)


@pytest.fixture
def analysis() -> Analysis:
    """Make an analysis of the drill instrument."""
    return Analysis(
        instrument="noop",
        product="noop",
        selection=Selection(scws=("201600270010", "201600280010")),
        parameters={"behaviour": "done", "seconds": 0, "fails": [], "salt": uuid.uuid4().hex},
    )


@pytest.fixture
def make_job(analysis: Analysis) -> MakeJob:
    """Make jobs for the analysis, each submitted a second after the one before."""
    made: list[Job] = []

    def make(user: str = "ada", lane: Lane = Lane.USER, of: Analysis | None = None) -> Job:
        job = Job(
            job_id=uuid.uuid4().hex,
            request_key=(of or analysis).key,
            user=user,
            lane=lane,
            submitted=f"2026-11-22T12:00:{len(made):02d}.000Z",
        )
        made.append(job)
        return job

    return make
