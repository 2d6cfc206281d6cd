"""Files as inputs of jobs: sent by the client when a parameter names their path."""

import asyncio
import hashlib
from pathlib import Path

import pytest
from typer.testing import CliRunner

import odamesh
from odamesh.command import app
from odamesh.errors import WrongValue
from tests.unit.client.conftest import Service

CONTENT = b"a sky map" * 100
DIGEST = hashlib.sha256(CONTENT).hexdigest()


@pytest.fixture
def sky_map(tmp_path: Path) -> Path:
    path = tmp_path / "map.fits"
    path.write_bytes(CONTENT)
    return path


def _asked(service: Service, job_id: str) -> object:
    return service.records.analysis(service.records.views[job_id].request_key).parameters["sky_map"]


def test_a_path_is_sent_and_named_by_its_hash(service: Service, sky_map: Path) -> None:
    with service.mesh() as mesh:
        assert mesh.upload(sky_map) == mesh.upload(CONTENT) == DIGEST
        for given in (sky_map, str(sky_map), [sky_map], CONTENT, DIGEST):
            job = mesh.localisation.sky_map(sky_map=given, wait=False)
            assert _asked(service, job.id) == [DIGEST]
    assert service.products.uploads.files == {DIGEST: CONTENT}


def test_the_command_sends_it_too(service: Service, sky_map: Path) -> None:
    options = ["--set", f"sky_map={sky_map}", "--no-watch", "--url", service.url]
    result = CliRunner().invoke(app, ["submit", "localisation", "sky_map", *options])
    assert result.exit_code == 0, result.output
    (view,) = service.records.views.values()
    assert _asked(service, view.job_id) == [DIGEST]


def test_a_file_that_is_not_there_is_told(service: Service, tmp_path: Path) -> None:
    with service.mesh() as mesh, pytest.raises(WrongValue, match=r"absent\.fits cannot be read"):
        mesh.localisation.sky_map(sky_map=tmp_path / "absent.fits")
    assert service.records.views == {}


def test_the_client_for_asyncio_does_the_same(service: Service, sky_map: Path) -> None:
    async def submit() -> str:
        async with await odamesh.connect_async(service.url) as mesh:
            job = await mesh.submit("localisation", "sky_map", {}, {"sky_map": sky_map})
            return job.id

    assert _asked(service, asyncio.run(submit())) == [DIGEST]
