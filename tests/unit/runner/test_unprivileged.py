"""A process of root becomes nobody, and still enters what lies below a directory that only root may enter."""

import os
import subprocess
from pathlib import Path

import pytest

from mesh.runner.unprivileged import NOBODY, CannotBecome, User, check, command

pytestmark = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")


def _run(words: list[str], needs: list[Path]) -> str:
    return subprocess.run(command(NOBODY, words, needs), check=True, capture_output=True, text=True).stdout


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    """A directory of root alone, with a needed and another one in it."""
    top = tmp_path / "closed"
    for name in ("needed", "other"):
        (top / name).mkdir(parents=True)
        (top / name / "file").write_text(name)
    top.chmod(0o700)
    return top


def test_it_has_no_right_and_no_group(closed: Path) -> None:
    status = dict(
        line.split(":", 1)
        for line in _run(["cat", "/proc/self/status"], [closed / "needed"]).splitlines()
        if ":" in line
    )
    assert status["Uid"].split() == ["65534"] * 4
    assert status["Gid"].split() == ["65534"] * 4
    assert status["Groups"].strip() == ""
    assert {int(status[name], 16) for name in ("CapInh", "CapPrm", "CapEff", "CapBnd")} == {0}
    assert status["NoNewPrivs"].strip() == "1"


def test_it_sees_what_it_needs_and_nothing_beside_it(closed: Path) -> None:
    needed = closed / "needed"
    assert _run(["cat", str(needed / "file")], [needed]) == "needed"
    assert _run(["ls", str(closed)], [needed]).split() == ["needed"]
    assert sorted(path.name for path in closed.iterdir()) == ["needed", "other"], "nobody else sees a difference"
    assert str(closed) not in Path("/proc/mounts").read_text()


def test_it_stays_where_it_was_started(closed: Path) -> None:
    done = subprocess.run(
        command(NOBODY, ["pwd"], [closed / "needed"]), check=True, capture_output=True, text=True, cwd=closed / "needed"
    )
    assert done.stdout.strip() == str(closed / "needed")


def test_what_cannot_be_is_told(closed: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    check(NOBODY, [closed / "needed"])
    (closed / "needed").chmod(0o700)
    with pytest.raises(CannotBecome, match="may not read them"):
        check(NOBODY, [closed / "needed"])
    check(User(0, 0), [closed / "needed"])
    monkeypatch.setenv("PATH", "/nonexistent")
    with pytest.raises(CannotBecome, match="util-linux"):
        check(NOBODY, [closed / "needed"])
