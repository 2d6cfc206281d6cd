"""Caches of an image serve although the image is read-only."""

import os
from pathlib import Path

import pytest

from mesh.kit.caches import settle_caches


def test_a_cache_that_cannot_be_written_is_used_from_a_copy(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for variable in ("NUMBA_CACHE_DIR", "MPLCONFIGDIR"):
        baked = tmp_path / variable
        (baked / "inside").mkdir(parents=True)
        (baked / "inside" / "loop.nbc").write_bytes(b"code")
        monkeypatch.setenv(variable, str(baked))
    # Root may write anywhere: what the kernel says of a read-only file system is said for it.
    monkeypatch.setattr("mesh.kit.caches.os.access", lambda path, mode: not str(path).startswith(str(tmp_path)))
    temporary = tmp_path / "tmp"
    temporary.mkdir()
    monkeypatch.setattr("tempfile.tempdir", str(temporary))
    settle_caches()
    for variable in ("NUMBA_CACHE_DIR", "MPLCONFIGDIR"):
        copy = Path(os.environ[variable])
        assert copy.parent == temporary
        assert (copy / "inside" / "loop.nbc").read_bytes() == b"code"


def test_a_cache_that_can_be_written_or_is_not_there_stays(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path))
    monkeypatch.setenv("MPLCONFIGDIR", str(tmp_path / "absent"))
    settle_caches()
    assert os.environ["NUMBA_CACHE_DIR"] == str(tmp_path)
    assert os.environ["MPLCONFIGDIR"] == str(tmp_path / "absent")
