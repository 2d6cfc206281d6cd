"""The two wheels: the client in an environment of its own, with what it declares and nothing of the mesh's servers."""

import json
import zipfile
from importlib.metadata import distribution
from pathlib import Path

import pytest

from tests.client_environment import ROOT, build_wheels, make_environment, run_in
from tests.unit.client.conftest import Service

_WINDOW = "201600270010"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    return build_wheels(tmp_path_factory.mktemp("wheels"))


@pytest.fixture(scope="module")
def environment(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_environment(tmp_path_factory.mktemp("client"), wheels["odamesh"])


def _names(wheel: Path) -> set[str]:
    return {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}


def test_every_file_of_the_tree_is_in_one_wheel_and_none_in_both(wheels: dict[str, Path]) -> None:
    client, mesh = _names(wheels["odamesh"]), _names(wheels["odamesh_mesh"])
    assert not client & mesh
    assert {name.split("/")[0] for name in client} == {"odamesh", "mesh"}
    assert {"odamesh/py.typed", "mesh/py.typed"} <= client
    packages = ("odamesh", "mesh", "services", "science", "gateway", "infra")
    tree = {
        file.relative_to(ROOT).as_posix()
        for package in packages
        for file in (ROOT / package).rglob("*.py")
        if "distribution" not in file.parts
    }
    assert {name for name in client | mesh if name.endswith(".py")} == tree


def test_the_client_works_alone(environment: Path, service: Service) -> None:
    program = (
        "import importlib.util, json, odamesh\n"
        "found = [name for name in ('services', 'infra', 'gateway', 'science', 'redis', 'nameko', 'astropy')"
        " if importlib.util.find_spec(name)]\n"
        "job = odamesh.connect().isgri.image(scws='201600270010', bands=(20, 40), wait=False)\n"
        "print(json.dumps({'found': found, 'job': job.id, 'file': odamesh.__file__, 'version': odamesh.__version__}))\n"
    )
    told = json.loads(run_in(environment, service.url, "python", "-c", program).stdout)
    assert told["found"] == []
    assert told["job"] in service.records.views
    assert Path(told["file"]).is_relative_to(environment)
    assert told["version"] == distribution("odamesh").version


def test_the_command_has_the_users_part_and_names_where_the_operators_is(environment: Path, service: Service) -> None:
    words = ["submit", "isgri", "image", "--scw", _WINDOW, "--no-watch"]
    submitted = run_in(environment, service.url, "odamesh", *words)
    assert submitted.stdout.strip() in service.records.views
    assert "spectral_fit" in run_in(environment, service.url, "odamesh", "instruments").stdout
    help_text = run_in(environment, service.url, "odamesh", "--help").stdout
    assert "describe" in help_text
    assert "audit" not in help_text
    refused = run_in(environment, service.url, "odamesh", "stack", "up", check=False)
    assert refused.returncode == 1
    assert "pip install 'odamesh-mesh" in refused.stderr
