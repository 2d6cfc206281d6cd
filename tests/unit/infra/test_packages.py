"""What set-up says where it cannot install."""

import os
import shutil

import pytest

from infra.stack import packages
from infra.stack.problem import SetupProblem


@pytest.fixture
def bare_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    """A machine with apt and nothing else."""
    monkeypatch.setattr(shutil, "which", lambda name, path=None: "/usr/bin/apt-get" if name == "apt-get" else None)


@pytest.mark.usefixtures("bare_machine")
def test_not_root(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(SetupProblem, match="sudo apt-get install --no-install-recommends redis-server prometheus"):
        packages.install(["redis-server", "prometheus"])


def test_not_debian(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(shutil, "which", lambda name, path=None: None)
    with pytest.raises(SetupProblem, match="not Debian: install redis-server with your system's package manager"):
        packages.install(["redis-server"])


def test_nothing_to_do_needs_no_rights(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    monkeypatch.setattr(shutil, "which", lambda name, path=None: f"/usr/bin/{name}")
    assert packages.install(["redis-server", "rabbitmq-server"]) == "installed"
