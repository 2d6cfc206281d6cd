"""`odamesh` comes onto PATH with the set-up, and a second checkout never takes the first one's place."""

import os
import shutil
import subprocess
from pathlib import Path

import pytest

_SCRIPT = Path(__file__).resolve().parents[3] / "infra" / "link_command.sh"


@pytest.fixture
def bin_folder(tmp_path: Path) -> Path:
    return tmp_path / "bin"


def _checkout(tmp_path: Path, name: str) -> Path:
    checkout = tmp_path / name
    (checkout / "infra").mkdir(parents=True)
    (checkout / ".venv" / "bin").mkdir(parents=True)
    shutil.copy(_SCRIPT, checkout / "infra")
    command = checkout / ".venv" / "bin" / "odamesh"
    command.write_text(f"#!/bin/sh\necho {name}\n")
    command.chmod(0o755)
    return checkout


def _link(checkout: Path, bin_folder: Path | str, *words: str) -> str:
    env = {"PATH": f"{bin_folder}:{os.environ['PATH']}", "ODAMESH_BIN": str(bin_folder), "HOME": str(checkout)}
    script = checkout / "infra" / "link_command.sh"
    return subprocess.run(["sh", str(script), *words], env=env, capture_output=True, text=True, check=True).stdout


def _answers(bin_folder: Path) -> str:
    return subprocess.run([str(bin_folder / "odamesh")], capture_output=True, text=True, check=True).stdout.strip()


def test_the_first_checkout_is_linked_and_stays(tmp_path: Path, bin_folder: Path) -> None:
    first, second = _checkout(tmp_path, "first"), _checkout(tmp_path, "second")
    assert _link(first, bin_folder) == ""
    assert _answers(bin_folder) == "first"
    told = _link(second, bin_folder)
    assert _answers(bin_folder) == "first"
    assert f"ln -sf {second}/.venv/bin/odamesh {bin_folder}/odamesh" in told
    assert _link(second, bin_folder, "quiet") == ""
    assert _link(first, bin_folder) == ""


def test_the_link_of_a_checkout_that_is_gone_is_replaced(tmp_path: Path, bin_folder: Path) -> None:
    first, second = _checkout(tmp_path, "first"), _checkout(tmp_path, "second")
    _link(first, bin_folder)
    shutil.rmtree(first)
    _link(second, bin_folder, "quiet")
    assert _answers(bin_folder) == "second"


def test_a_program_of_somebody_else_stays(tmp_path: Path, bin_folder: Path) -> None:
    bin_folder.mkdir()
    other = bin_folder / "odamesh"
    other.write_text("#!/bin/sh\necho other\n")
    other.chmod(0o755)
    assert "stays what it is" in _link(_checkout(tmp_path, "first"), bin_folder)
    assert _answers(bin_folder) == "other"


def test_where_no_link_can_be_made_the_way_to_the_command_is_told(tmp_path: Path) -> None:
    blocked = tmp_path / "file"
    blocked.touch()
    first = _checkout(tmp_path, "first")
    assert f"call {first}/.venv/bin/odamesh" in _link(first, blocked / "bin")
    assert _link(first, "") == ""
