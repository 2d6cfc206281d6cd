"""The wheels of both distributions, and a fresh environment that holds the client's alone."""

import os
import subprocess
import sys
import sysconfig
import venv
from collections.abc import Iterator
from importlib.metadata import distribution
from pathlib import Path

from packaging.requirements import Requirement

ROOT = Path(__file__).resolve().parents[1]


def build_wheels(target: Path) -> dict[str, Path]:
    """Build both wheels into a folder; return them by the name of their distribution."""
    for place in (ROOT, ROOT / "infra" / "distribution"):
        command = [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(target)]
        subprocess.run(command, cwd=place, check=True, capture_output=True)
    return {file.name.partition("-")[0]: file for file in target.glob("*.whl")}


def make_environment(place: Path, wheel: Path) -> Path:
    """Make an environment with the client's wheel and what it requires, linked from this one: nothing more."""
    venv.create(place, symlinks=True)
    packages = next((place / "lib").glob("python3*")) / "site-packages"
    uv = Path(sys.executable).parent / "uv"
    command = [str(uv), "pip", "install", "--quiet", "--offline", "--no-deps", "--python"]
    subprocess.run([*command, str(place / "bin" / "python"), str(wheel)], check=True)
    here = Path(sysconfig.get_paths()["purelib"])
    for name in _required("odamesh"):
        for part in {file.parts[0] for file in distribution(name).files or ()} - {"..", "__pycache__"}:
            if not (packages / part).exists():
                (packages / part).symlink_to(here / part)
    return place


def run_in(
    environment: Path, url: str, program: str, *words: str, check: bool = True
) -> subprocess.CompletedProcess[str]:
    """Run a program of the environment against a gateway."""
    env = {"PATH": os.environ["PATH"], "ODAMESH_URL": url, "HOME": str(environment)}
    command = [str(environment / "bin" / program), *words]
    return subprocess.run(command, env=env, cwd=environment, capture_output=True, text=True, check=check)


def _required(name: str, seen: frozenset[str] = frozenset()) -> Iterator[str]:
    """Yield what a distribution needs without its extras, and what that needs."""
    for text in distribution(name).requires or ():
        required = Requirement(text)
        wanted = required.marker is None or required.marker.evaluate({"extra": ""})
        if wanted and required.name not in seen:
            yield required.name
            yield from _required(required.name, seen | {name, required.name})
