"""The client's wheel in an environment of its own, against the whole mesh: a job, its files, its exit statuses."""

import json
import os
from pathlib import Path

import pytest

from odamesh import Mesh
from tests.client_environment import build_wheels, make_environment, run_in

_WINDOWS = ("201600270010", "201600280010")


@pytest.fixture(scope="module")
def environment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    wheels = build_wheels(tmp_path_factory.mktemp("wheels"))
    return make_environment(tmp_path_factory.mktemp("client"), wheels["odamesh"])


def test_a_job_from_the_command_to_its_files(mesh: Mesh, environment: Path, tmp_path: Path) -> None:
    url = f"http://127.0.0.1:{os.environ['ODAMESH_GATEWAY_PORT']}"
    salt = f"--set=salt=alone-{os.getpid()}"
    scws = [f"--scw={scw}" for scw in _WINDOWS]
    done = run_in(environment, url, "odamesh", "submit", "noop", "noop", *scws, salt, "--json", check=False)
    assert done.returncode == 0, done.stderr
    job = json.loads(done.stdout.splitlines()[-1])
    assert (job["state"], job["partial"]) == ("COMPLETED", False)
    saved = run_in(environment, url, "odamesh", "get", job["job_id"][:10], str(tmp_path), "--json")
    assert [Path(file).is_file() for file in json.loads(saved.stdout)["files"]] == [True]
    log = run_in(environment, url, "odamesh", "log", job["job_id"][:10], _WINDOWS[0])
    assert "done" in log.stdout

    some = ["--set=behaviour=usage", f'--set=fails=["{_WINDOWS[1]}"]']
    partial = run_in(environment, url, "odamesh", "submit", "noop", "noop", *scws, salt, *some, check=False)
    assert partial.returncode == 3, partial.stdout
    assert "partial: some windows gave nothing" in partial.stdout
    failed = run_in(environment, url, "odamesh", "submit", "noop", "noop", *scws, salt, *some[:1], check=False)
    assert failed.returncode == 1, failed.stdout
    assert "error: NoScWData" in failed.stdout
    assert mesh.job(job["job_id"]).products[0].stage == "merge"
