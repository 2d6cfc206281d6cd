"""A new instrument is one new folder: made with the command in a copy of the project, it runs through a real mesh.

The copy has a stack and a mesh of its own, on the servers' packages, the engine and the images that are there for
`make test`. It has no other instruments: ten processes would take a minute to start.
"""

import json
import os
import shutil
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

import odamesh
from mesh.instrument import ROOT
from mesh.ports import DISPATCHER, GATEWAY

_PARTS = (
    "mesh",
    "science",
    "gateway",
    "odamesh",
    "infra",
    "services/dispatcher",
    "services/cache",
    "services/transports",
    "services/triggers",
)
_FILES = ("services/__init__.py", "pyproject.toml", "requirements.lock", ".gitignore")
_SHIFT = 600
"""Added to the ports of the stack for tests: out of the way of those of other checkouts."""
_WINDOWS, _EXPOSURE_S, _RATE = 2, 300.0, 20.0


class Checkout:
    """A copy of the project under version control, with a stack of its own."""

    def __init__(self, root: Path, home: Path) -> None:
        self.root, self.home = root, home
        self.shift = int(os.environ["ODAMESH_PORT_SHIFT"]) + _SHIFT
        kept = {name: value for name, value in os.environ.items() if not name.startswith("ODAMESH_")}
        if cache := os.environ.get("ODAMESH_CACHE"):
            kept["ODAMESH_CACHE"] = cache
        self.environment = kept | {
            "ODAMESH_HOME": str(home),
            "ODAMESH_PORT_SHIFT": str(self.shift),
            "ODAMESH_ARCHIVE": str(home / "archive"),
            "ODAMESH_SLOTS": "1",
        }

    def run(self, *arguments: str, status: int = 0) -> str:
        """Run a command of `odamesh` in the copy; return all that it said."""
        done = self._run(sys.executable, "-m", "odamesh", *arguments)
        assert done.returncode == status, done.stdout
        return done.stdout

    def remove(self) -> None:
        """Stop what runs for the copy and remove its state."""
        if self.home.exists():
            self.run("mesh", "down")
            self.run("stack", "down", "--purge")
            shutil.rmtree(self.home)

    def git(self, *arguments: str) -> str:
        """Run git."""
        done = self._run("git", "-c", "user.name=test", "-c", "user.email=test@localhost", *arguments)
        assert done.returncode == 0, done.stdout
        return done.stdout

    def address(self, port: int) -> str:
        """Return where a process listens whose port is this one in an unshifted stack."""
        return f"http://127.0.0.1:{port + self.shift}"

    def ready(self, port: int) -> dict[str, Any]:
        """Return what a process says of its readiness."""
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(f"{self.address(port)}/readyz", timeout=10) as answer:
            said: dict[str, Any] = json.load(answer)
        return said

    def _run(self, *command: str) -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            command,
            cwd=self.root,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            check=False,
        )


@pytest.fixture(scope="module")
def checkout() -> Iterator[Checkout]:
    """Return a copy of the project; its servers and processes are gone after the tests."""
    home = Path(os.environ.get("ODAMESH_HOME", "/nonexistent"))
    if "ODAMESH_PORT_SHIFT" not in os.environ or not (home / "credentials.toml").exists():
        pytest.skip("no stack for tests is up: run `make test`, which starts one")
    # Servers run under accounts of their own, which may not look into pytest's directories. The same home each time: a
    # stack keeps images on the engine under the name of its home.
    place = Path(tempfile.mkdtemp(prefix="odamesh-new-"))
    place.chmod(0o755)
    copy = Checkout(place / "project", home.with_name(f"{home.name}-new"))
    for part in _PARTS:
        shutil.copytree(ROOT / part, copy.root / part, ignore=shutil.ignore_patterns("__pycache__"))
    for file in _FILES:
        shutil.copyfile(ROOT / file, copy.root / file)
    copy.git("init", "--quiet")
    copy.git("add", "--all")
    copy.git("commit", "--quiet", "--message", "The project before")
    copy.remove()  # what a run that was killed has left
    try:
        yield copy
    finally:
        copy.remove()
        shutil.rmtree(place)


@pytest.mark.timeout(1200)
def test_a_new_instrument_is_one_new_folder(checkout: Checkout) -> None:
    made = checkout.run("instrument", "new", "toy", "--title", "TOY-1")
    assert "services/toy/instrument.toml" in made
    assert "toy can run" in checkout.run("instrument", "check", "toy")
    assert "is there already" in checkout.run("instrument", "new", "toy", status=1)
    archive = checkout.home / "archive"
    options = ("--scws", str(_WINDOWS), "--exposure", str(_EXPOSURE_S))
    checkout.run("archive", "simulate", "toy-steady", str(archive), *options)

    checkout.run("stack", "up")
    assert "toy" in checkout.run("mesh", "up")
    with odamesh.connect(checkout.address(GATEWAY)) as mesh:
        job = mesh.submit("toy", "toy_lc", {"scws": ["201600270010", "201600280010"]}, {"time_bin": 50.0}).wait()
        assert (len(job.table()), job.partial, job.warnings) == (_WINDOWS + 1, False, ())
        [curve] = [path for path in job.download(checkout.home / "products") if path.name == "toy_lc.fits"]
    table = fits.getdata(curve, "RATE")
    exposure_s = table["EXPOSURE"].sum()
    assert exposure_s == pytest.approx(_WINDOWS * _EXPOSURE_S)
    rate = (table["RATE"] * table["EXPOSURE"]).sum() / exposure_s
    assert abs(rate - _RATE) < 5 * np.sqrt(_RATE / exposure_s)

    changed = [line[3:] for line in checkout.git("status", "--porcelain", "--untracked-files=all").splitlines()]
    assert changed
    assert all(path.startswith("services/toy/") for path in changed), changed


@pytest.mark.timeout(1200)
def test_a_stage_runs_on_a_file_without_the_mesh(checkout: Checkout) -> None:
    window = checkout.home / "archive/scw/2016/201600270010.001/toy_events.fits.gz"
    into = checkout.home / "tried"
    said = checkout.run("instrument", "try", "toy", str(window), "--into", str(into), "--set", "time_bin=50")
    assert "ran in a container" in said
    assert fits.getdata(into / "counts.fits")["COUNTS"].sum() == pytest.approx(_RATE * _EXPOSURE_S, rel=0.1)
    arguments = ("instrument", "try", "toy", str(into / "counts.fits"), "--stage", "curve", "--into", str(into))
    said = checkout.run(*arguments, "--set", "time_bin=50", "--local")
    assert "ran as a process" in said
    assert (into / "toy_lc.fits").is_file()
    assert "EventsDamaged" in checkout.run("instrument", "try", "toy", str(into / "toy_lc.fits"), "--local", status=1)
    assert "has no stage 'count'" in checkout.run("instrument", "try", "toy", str(window), "--stage", "count", status=1)


@pytest.mark.timeout(1200)
def test_mistakes_are_named_and_concern_no_other_instrument(checkout: Checkout) -> None:
    checkout.run("instrument", "new", "spoilt")
    folder = checkout.root / "services" / "spoilt"
    file, stages = folder / "instrument.toml", folder / "analysis" / "__init__.py"
    good, good_stages = file.read_text(), stages.read_text()

    stages.write_text(f"import numpyy\n{good_stages}")
    assert "No module named 'numpyy'" in checkout.run("instrument", "check", "spoilt", status=1)
    said = checkout.run("stack", "images", status=1)
    assert "no image of spoilt" in said
    assert "No module named 'numpyy'" in said
    built = (checkout.home / "images.toml").read_text()
    assert "toy = " in built
    assert "spoilt" not in built
    stages.write_text(good_stages.replace('"curve": _curve', '"curves": _curve'))
    assert "STAGES lacks curve" in checkout.run("instrument", "check", "spoilt", status=1)
    stages.write_text(good_stages)

    file.write_text(good.replace('steps = ["read", "count"]', 'steps = ["read"]'))
    window = checkout.home / "archive/scw/2016/201600270010.001/toy_events.fits.gz"
    said = checkout.run("instrument", "try", "spoilt", str(window), "--into", str(checkout.home / "t"), "--local")
    assert "does not declare: count" in said

    file.write_text(good.replace("slots = 3", "slots = 0"))
    fault = "services/spoilt/instrument.toml: limits.slots: Input should be greater than or equal to 1, not 0"
    assert fault in checkout.run("instrument", "check", "spoilt", status=1)
    assert f"spoilt is left out: {fault}" in checkout.run("mesh", "up")
    for port in (GATEWAY, DISPATCHER):
        assert checkout.ready(port)["left_out"] == {"spoilt": fault}
    log = (checkout.home / "log" / "gateway.log").read_text()
    assert any("instrument left out" in line and "limits.slots" in line for line in log.splitlines())
    with odamesh.connect(checkout.address(GATEWAY)) as mesh:
        with pytest.raises(odamesh.OdameshError, match="spoilt is not set up rightly"):
            mesh.submit("spoilt", "spoilt_lc", {"scws": ["201600270010"]})
        job = mesh.submit("toy", "toy_lc", {"scws": ["201600270010"]}, {"time_bin": 20.0}).wait()
        assert not job.partial
