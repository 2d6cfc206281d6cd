"""Users of processes: names that fit and differ, and a stack that runs everything as one user where it must."""

import os
from pathlib import Path

import pytest

from infra.stack import users
from infra.stack.problem import SetupProblem
from mesh.runner.unprivileged import NOBODY, User


def test_names_fit_and_differ() -> None:
    processes = ["gateway", "isgri", "spectral_fit", "a" * 32, "a" * 31 + "b", "a_b" * 10]
    names = [users.name_of(process) for process in processes]
    assert len(set(names)) == len(names)
    assert all(len(name) <= 32 and name.startswith("odamesh-") and "_" not in name for name in names)


@pytest.mark.parametrize("reason", ["not root", "forbidden"])
def test_a_stack_without_users_of_its_own_runs_as_the_caller(monkeypatch: pytest.MonkeyPatch, reason: str) -> None:
    if reason == "not root":
        monkeypatch.setattr(os, "geteuid", lambda: 1000)
        monkeypatch.delenv("ODAMESH_SEPARATE_USERS", raising=False)
    else:
        monkeypatch.setenv("ODAMESH_SEPARATE_USERS", "no")
    assert not users.separate()
    assert users.of("gateway") == User(os.geteuid(), os.getegid())
    assert users.command("gateway", ["python"], [Path("/")]) == ["python"]
    users.make(["gateway"])  # adds nobody
    users.require_reachable("gateway", [Path("/nonexistent")])


def test_what_its_user_cannot_read_is_told_before_a_process_starts(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root becomes somebody else")
    monkeypatch.setattr(users, "of", lambda process: NOBODY)
    needed = tmp_path / "needed"
    needed.mkdir(mode=0o755)
    users.require_reachable("isgri", [needed])
    needed.chmod(0o700)
    with pytest.raises(SetupProblem, match="chmod -R o\\+rX"):
        users.require_reachable("isgri", [needed])
