"""The two wheels: the client in an environment of its own, with what it declares and nothing of the mesh's servers."""

import json
import os
import subprocess
import sys
import sysconfig
import venv
import zipfile
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

import pytest
from packaging.requirements import Requirement

from tests.unit.client.conftest import Service

_ROOT = Path(__file__).resolve().parents[3]
_WINDOW = "201600270010"


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Both wheels, by the name of their distribution."""
    target = tmp_path_factory.mktemp("wheels")
    for place in (_ROOT, _ROOT / "infra" / "distribution"):
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
        subprocess.run(command, cwd=place, check=True, capture_output=True)
    return {file.name.partition("-")[0]: file for file in target.glob("*.whl")}


@pytest.fixture(scope="module")
def environment(wheels: dict[str, Path], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A fresh environment with the client's wheel and, linked from this one, what the wheel requires: nothing more."""
    place = tmp_path_factory.mktemp("client")
    venv.create(place, symlinks=True)
    packages = next((place / "lib").glob("python3*")) / "site-packages"
    uv = Path(sys.executable).parent / "uv"
    command = [
        str(uv),
        "pip",
        "install",
        "--quiet",
        "--offline",
        "--no-deps",
        "--python",
        str(place / "bin" / "python"),
    ]
    subprocess.run([*command, str(wheels["odamesh"])], check=True)
    here = Path(sysconfig.get_paths()["purelib"])
    for name in _required("odamesh"):
        for part in {file.parts[0] for file in distribution(name).files or ()} - {"..", "__pycache__"}:
            if not (packages / part).exists():
                (packages / part).symlink_to(here / part)
    return place


def _required(name: str, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield what a distribution needs without its extras, and what that needs."""
    for text in distribution(name).requires or ():
        required = Requirement(text)
        wanted = required.marker is None or required.marker.evaluate({"extra": ""})
        if wanted and required.name not in seen:
            yield required.name
            yield from _required(required.name, seen | {name, required.name})


def _names(wheel: Path) -> set[str]:
    return {name for name in zipfile.ZipFile(wheel).namelist() if ".dist-info/" not in name}


def test_every_file_of_the_tree_is_in_one_wheel_and_none_in_both(wheels: dict[str, Path]) -> None:
    client, mesh = _names(wheels["odamesh"]), _names(wheels["odamesh_mesh"])
    assert not client & mesh
    assert {name.split("/")[0] for name in client} == {"odamesh", "mesh"}
    assert {"odamesh/py.typed", "mesh/py.typed"} <= client
    packages = ("odamesh", "mesh", "services", "science", "gateway", "infra")
    tree = {
        file.relative_to(_ROOT).as_posix()
        for package in packages
        for file in (_ROOT / package).rglob("*.py")
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
    told = json.loads(_run(environment, service, "python", "-c", program).stdout)
    assert told["found"] == []
    assert told["job"] in service.records.views
    assert Path(told["file"]).is_relative_to(environment)
    assert told["version"] == distribution("odamesh").version


def test_the_command_has_the_users_part_and_names_where_the_operators_is(environment: Path, service: Service) -> None:
    submitted = _run(environment, service, "odamesh", "submit", "isgri", "image", "--scw", _WINDOW, "--no-watch")
    assert submitted.stdout.strip() in service.records.views
    assert "spectral_fit" in _run(environment, service, "odamesh", "instruments").stdout
    help_text = _run(environment, service, "odamesh", "--help").stdout
    assert "describe" in help_text
    assert "audit" not in help_text
    refused = _run(environment, service, "odamesh", "stack", "up", check=False)
    assert refused.returncode == 1
    assert "pip install 'odamesh-mesh" in refused.stderr


def _run(
    environment: Path, service: Service, program: str, *words: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    env = {"PATH": os.environ["PATH"], "ODAMESH_URL": service.url, "HOME": str(environment)}
    command = [str(environment / "bin" / program), *words]
    return subprocess.run(command, env=env, cwd=environment, capture_output=True, text=True, check=check)
