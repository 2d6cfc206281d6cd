"""Nothing that a container leaves in its output directory is believed."""

import os
from pathlib import Path
from typing import Any

import pytest

from mesh.errors import ScienceFailure
from mesh.runner.plain_file import read_part, read_small
from mesh.runner.product import read_product, read_reason, verify_files

from .conftest import KEY, Leave


def test_a_good_product_is_read_and_verified(leave: Leave) -> None:
    out = leave({"sky.fits": b"sky"}, warnings=["low exposure"], summary={"exposure_s": 2})
    product = read_product(out, KEY)
    verify_files(out, product)
    assert (product.files[0].size, product.warnings, product.summary) == (3, ("low exposure",), {"exposure_s": 2})


def _file(name: str) -> dict[str, Any]:
    return {"name": name, "sha256": "0" * 64, "size": 1, "media_type": "text/plain"}


@pytest.mark.parametrize(
    "fields",
    [
        {"schema": "odamesh.product/2"},
        {"key": "cd" * 32},
        {"files": []},
        {"files": [_file("../escape")]},
        {"files": [_file("/etc/passwd")]},
        {"files": [_file("manifest.json")]},
        {"files": [_file("log.txt")]},
        {"files": [_file("sky.fits\n")]},
        {"files": [_file("a") | {"media_type": "text/plain\r\nX-Amz-Acl: public"}]},
        {"summary": {"long": "x" * (300 << 10)}},
        {"warnings": ["x" * 1000] * 300},
        {"files": [_file("a"), _file("a")]},
        {"files": [_file(f"f{number}") for number in range(1001)]},
        {"surprise": 1},
    ],
    ids=[
        "schema",
        "key",
        "none",
        "parent",
        "absolute",
        "manifest",
        "log",
        "newline",
        "header",
        "summary",
        "warnings",
        "twice",
        "many",
        "unknown",
    ],
)
def test_a_bad_manifest_is_refused(leave: Leave, fields: dict[str, Any]) -> None:
    with pytest.raises(ScienceFailure) as caught:
        read_product(leave({"sky.fits": b"sky"}, **fields), KEY)
    assert caught.value.reason == "BadProduct"


@pytest.mark.parametrize(
    "content", [b"", b"\xff\x00", b"[]", b'{"schema": ', b"[" * 100_000, b'{"a": NaN}', b'{"a": "\\ud800"}']
)
def test_garbage_is_refused(leave: Leave, content: bytes) -> None:
    out = leave({"sky.fits": b"sky"})
    (out / "manifest.json").write_bytes(content)
    with pytest.raises(ScienceFailure, match="manifest"):
        read_product(out, KEY)


def test_changed_missing_and_linked_files_are_refused(leave: Leave, tmp_path: Path) -> None:
    out = leave({"sky.fits": b"sky"})
    product = read_product(out, KEY)
    (out / "sky.fits").write_bytes(b"sea")
    with pytest.raises(ScienceFailure, match="another content"):
        verify_files(out, product)
    (out / "sky.fits").unlink()
    with pytest.raises(ScienceFailure, match=r"sky\.fits"):
        verify_files(out, product)
    (tmp_path / "outside").write_bytes(b"sky")
    (out / "sky.fits").symlink_to(tmp_path / "outside")
    with pytest.raises(ScienceFailure, match=r"sky\.fits"):
        verify_files(out, product)


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    for read in (read_small, lambda path: read_part(path, 0)):
        with pytest.raises(OSError, match="not a plain file"):
            read(tmp_path / "pipe")


def test_a_huge_document_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "huge").write_bytes(bytes(5 << 20))
    with pytest.raises(OSError, match="larger than"):
        read_small(tmp_path / "huge")


def test_a_reason_is_optional_and_must_be_a_word(tmp_path: Path) -> None:
    assert read_reason(tmp_path) is None
    (tmp_path / "failure.json").write_text('{"kind": "usage", "reason": "two words", "text": "x"}')
    assert read_reason(tmp_path) is None
    (tmp_path / "failure.json").write_text('{"kind": "usage", "reason": "NoScWData", "text": "x"}')
    reason = read_reason(tmp_path)
    assert reason is not None
    assert reason.reason == "NoScWData"
