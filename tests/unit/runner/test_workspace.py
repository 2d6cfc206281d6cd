"""Unit directories and slots: laid out by key, private, swept when nobody needs them."""

import json
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from mesh.errors import HeldElsewhere
from mesh.kit.boundedlog import LOG_LIMIT, BoundedLog
from mesh.runner.directory import InputFiles
from mesh.runner.workspace import Workspace

from .conftest import KEY, nest


def test_the_kit_reads_what_is_written(workspace: Workspace) -> None:
    directory = workspace.unit(KEY)
    directory.create()
    (directory.input_folder("events", "201600270010.001") / "e.fits").write_text("photons")
    directory.write_unit(
        key=KEY,
        stage="image",
        label="201600270010.001",
        parameters={"bands": [[20, 40]]},
        inputs=[InputFiles("events", "201600270010.001", ("e.fits",))],
        provenance={"image": "sha256:feed"},
    )
    content = json.loads(directory.unit_file.read_text())
    assert content["inputs"] == [{"role": "events", "label": "201600270010.001", "files": ["e.fits"]}]
    assert directory.out.stat().st_mode & 0o777 == 0o777
    assert directory.path.parent.parent.stat().st_mode & 0o077 == 0, "nobody else may come here"
    directory.create()
    assert not directory.unit_file.exists()


def test_a_long_log_keeps_both_ends(workspace: Workspace) -> None:
    directory = workspace.unit(KEY)
    directory.create()
    assert directory.read_log() == b""
    directory.write_log("begin" + "x" * (2 * LOG_LIMIT) + "end")
    log = directory.read_log()
    assert log.startswith(b"begin")
    assert log.endswith(b"end")
    assert b"bytes left out" in log
    assert len(log) < LOG_LIMIT + 100


def test_a_log_that_the_container_has_cut_keeps_its_count(workspace: Workspace) -> None:
    directory = workspace.unit(KEY)
    directory.create()
    cut = BoundedLog()
    cut.add(b"x" * (3 * LOG_LIMIT))
    directory.write_log(cut.text())
    assert f"[{2 * LOG_LIMIT} bytes left out]".encode() in directory.read_log()


def test_clearing_keeps_the_directories_themselves(workspace: Workspace, tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    (outside / "kept").touch()
    directory = workspace.unit(KEY)
    directory.create()
    before = directory.out.stat().st_ino
    (directory.out / "deep").mkdir()
    (directory.out / "link").symlink_to(outside)
    directory.clear()
    assert directory.out.stat().st_ino == before
    assert list(directory.out.iterdir()) == []
    assert (outside / "kept").exists()


def test_sweeping_leaves_what_lives(workspace: Workspace) -> None:
    for owner in ("me", "dead/owner", "alive"):
        workspace.slot(owner, 0).mkdir(parents=True)
    for key in ("old", "new"):
        workspace.unit(key).create()
    long_ago = time.time() - 1000
    os.utime(workspace.unit("old").path, (long_ago, long_ago))
    workspace.sweep("me", lambda owner: owner == "alive", seconds=500)
    assert not workspace.slot("dead/owner", 0).exists()
    assert workspace.slot("me", 0).exists()
    assert workspace.slot("alive", 0).exists()
    assert not workspace.unit("old").path.exists()
    assert workspace.unit("new").path.exists()


def test_what_a_unit_wrote_is_removed_however_deep_it_is(workspace: Workspace, tmp_path: Path) -> None:
    (tmp_path / "kept").touch()
    directory = workspace.unit(KEY)
    directory.create()
    nest(directory.out, 3000)
    (directory.out / "d" / "link").symlink_to(tmp_path)
    (directory.out / "closed" / "inside").mkdir(parents=True)
    (directory.out / "closed").chmod(0)
    directory.clear()
    assert list(directory.out.iterdir()) == []
    nest(directory.out, 3000)
    directory.remove()
    assert not directory.path.exists()
    assert (tmp_path / "kept").exists()


def test_two_processes_never_use_one_directory(workspace: Workspace, tmp_path: Path) -> None:
    directory = workspace.unit(KEY)
    directory.create()
    (directory.out / "half-written").touch()
    long_ago = time.time() - 1000
    os.utime(directory.path, (long_ago, long_ago))
    program = (
        "import sys, pathlib; from mesh.runner.directory import UnitDirectory\n"
        "with UnitDirectory(pathlib.Path(sys.argv[1])).hold(): print('mine', flush=True); sys.stdin.read()"
    )
    command = [sys.executable, "-c", program, str(directory.path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"mine\n"
        with pytest.raises(HeldElsewhere), directory.hold():
            pytest.fail("two hold it")
        workspace.sweep("me", lambda owner: True, seconds=500)
        assert (directory.out / "half-written").exists()
        other.kill()  # no goodbye: the kernel drops the lock
    with directory.hold(), pytest.raises(HeldElsewhere), directory.hold():
        pytest.fail("held twice by one process")
    workspace.sweep("me", lambda owner: True, seconds=500)
    assert not directory.path.exists()
    assert list((tmp_path / "work" / "locks").iterdir()) == []
