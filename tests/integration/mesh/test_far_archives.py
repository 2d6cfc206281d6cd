"""ISGRI images of an archive that is not on this machine: behind http, and in an S3 bucket, through the whole mesh."""

import threading
import uuid
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from astropy.io import fits
from minio import Minio

from infra.stack import mesh_processes
from infra.stack.stack import runner_in_use
from mesh.settings import Settings
from mesh.states import JobState, UnitState
from odamesh import Job, Mesh
from tests.integration.mesh.windows import ABSENT, EMPTY, GALACTIC_CENTRE

pytestmark = pytest.mark.long  # every service starts again with another archive, and back
_WINDOWS = GALACTIC_CENTRE[:2]


class _Quiet(SimpleHTTPRequestHandler):
    """Serves a directory and writes nothing to the terminal."""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - name given by the base class
        """Write nothing."""


@contextmanager
def _web(archive: Path) -> Iterator[dict[str, str]]:
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Quiet, directory=str(archive))) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield {"ODAMESH_ARCHIVE": f"http://127.0.0.1:{server.server_port}"}
        server.shutdown()
        thread.join()


@contextmanager
def _bucket(archive: Path) -> Iterator[dict[str, str]]:
    store = Settings().connections("admin").store
    client = Minio(store.endpoint, store.access_key, store.secret_key, secure=store.secure, region="us-east-1")
    bucket = f"test-{uuid.uuid4().hex}"
    client.make_bucket(bucket)
    try:
        for path in archive.rglob("*"):
            if path.is_file():
                client.fput_object(bucket, f"integral/{path.relative_to(archive)}", str(path))
        yield {
            "ODAMESH_ARCHIVE": f"s3://{bucket}/integral",
            "AWS_ENDPOINT_URL": f"http{'s' if store.secure else ''}://{store.endpoint}",
            "AWS_ACCESS_KEY_ID": store.access_key,
            "AWS_SECRET_ACCESS_KEY": store.secret_key,
            "AWS_REGION": "us-east-1",
        }
    finally:
        for entry in client.list_objects(bucket, recursive=True):
            client.remove_object(bucket, entry.object_name)
        client.remove_bucket(bucket)


@pytest.fixture(params=[_web, _bucket], ids=["http", "s3"])
def far(request: pytest.FixtureRequest, mesh: Mesh, archive: Path) -> Iterator[Mesh]:
    """A mesh that has its archive from elsewhere; the next test has the former one again."""
    with request.param(archive) as environment:
        _restarted(environment)
        yield mesh
    _restarted({})


def _restarted(environment: Mapping[str, str]) -> None:
    mesh_processes.up(runner_in_use(), environment)


def test_windows_are_found_fetched_and_refused_as_on_this_machine(far: Mesh, tmp_path: Path) -> None:
    salt = 6.0 + uuid.uuid4().int % 1000 / 1e6  # the same archive was served to earlier tests: units of our own
    job: Job = far.isgri.image(scws=[*_WINDOWS, EMPTY, ABSENT], bands=[(20, 40)], detection_threshold=salt)

    assert job.state is JobState.COMPLETED
    rows = {row.label[:12]: row for row in job.table() if row.stage == "image"}
    assert [rows[scw].state for scw in _WINDOWS] == [UnitState.DONE] * 2
    reasons = {scw: failure.reason for scw in (EMPTY, ABSENT) if (failure := rows[scw].failure) is not None}
    assert reasons == {EMPTY: "ScWDataCorrupted", ABSENT: "NoScWData"}
    catalogue = next(path for path in job.download(tmp_path) if path.name == "isgri_catalogue.fits")
    found = set(fits.getdata(catalogue, 1)["src_names"])
    assert {"1E 1740.7-2942", "4U 1700-377"} <= found
