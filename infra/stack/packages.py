"""Debian packages: installs what is missing, starts none of the services that come with them."""

import contextlib
import os
import shutil
from collections.abc import Iterable, Iterator
from pathlib import Path

from infra.stack import process
from infra.stack.problem import SetupProblem

# A program of each package; where all are there, nothing is installed, on Debian or not.
PROGRAMS = {
    "redis-server": ("redis-server",),
    "rabbitmq-server": ("/usr/lib/rabbitmq/bin/rabbitmq-server", "epmd"),
    "docker.io": ("dockerd", "containerd", "runc", "docker-init"),
    "prometheus": ("prometheus",),
    "prometheus-alertmanager": ("prometheus-alertmanager", "amtool"),
    "prometheus-node-exporter": ("prometheus-node-exporter",),
    "prometheus-blackbox-exporter": ("prometheus-blackbox-exporter",),
    "debootstrap": ("debootstrap",),
    "faketime": ("faketime",),  # drills on the clock only
    "chromium": ("chromium",),  # tests of the web page only
    "stilts": ("stilts",),  # tests with clients of the Virtual Observatory only
    "nginx-light": ("nginx",),  # tests of the edge only
}

_POLICY = Path("/usr/sbin/policy-rc.d")
_POLICY_TEXT = "#!/bin/sh\n# odamesh set-up: packages are installed, their services are not started\nexit 101\n"
_APT = ("apt-get", "-o", "DPkg::Lock::Timeout=600", "-o", "Acquire::Retries=3", "--quiet", "--yes")


def missing(packages: Iterable[str]) -> list[str]:
    """Those of the packages of which a program cannot be found."""
    path = f"{os.environ.get('PATH', os.defpath)}:/usr/sbin:/sbin"
    return [name for name in packages if not all(shutil.which(one, path=path) for one in PROGRAMS[name])]


def install(packages: Iterable[str]) -> str:
    """Install the missing ones; SetupProblem where that cannot be done from here."""
    wanted = missing(packages)
    if not wanted:
        return "installed"
    _require_debian_root(wanted)
    environment = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
    with _services_stay_down():
        # Finishes what an interrupted installation left half done.
        process.run(["dpkg", "--configure", "-a"], env=environment)
        process.run([*_APT, "update"], env=environment)
        process.run([*_APT, "install", "--no-install-recommends", *wanted], env=environment)
    if absent := missing(wanted):
        message = f"installed {', '.join(absent)}, but the programs are not on PATH: add /usr/sbin and /usr/bin to PATH"
        raise SetupProblem(message)
    return f"installed {', '.join(wanted)}"


def _require_debian_root(wanted: list[str]) -> None:
    names = " ".join(wanted)
    if shutil.which("apt-get") is None:
        message = f"this is not Debian: install {names} with your system's package manager, then run this again"
        raise SetupProblem(message)
    if os.geteuid() != 0:
        message = f"not root: run `sudo apt-get install --no-install-recommends {names}`, then run this again"
        raise SetupProblem(message)


@contextlib.contextmanager
def _services_stay_down() -> Iterator[None]:
    """Forbid the packages' own services, which would take the default ports, unless the machine has its own rule."""
    ours = not _POLICY.exists() or _POLICY.read_text() == _POLICY_TEXT
    if ours:
        _POLICY.write_text(_POLICY_TEXT)
        _POLICY.chmod(0o755)
    try:
        yield
    finally:
        if ours:
            _POLICY.unlink(missing_ok=True)
