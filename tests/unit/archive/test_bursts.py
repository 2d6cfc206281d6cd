"""The list of bursts of an archive: read, sorted, turned into intervals; and the real list."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

from infra.commands.archive import app
from mesh.archive.access import MissingFile
from mesh.archive.bursts import read_bursts
from mesh.archive.directory import DirectoryArchive
from mesh.errors import BadInput


def write(root: Path, text: str) -> DirectoryArchive:
    (root / "aux" / "polar").mkdir(parents=True, exist_ok=True)
    (root / "aux" / "polar" / "bursts.csv").write_text(text, encoding="utf-8")
    return DirectoryArchive(root)


def test_bursts_in_time_order_with_their_interval(tmp_path: Path) -> None:
    archive = write(tmp_path, "duration,name,utc\n80,LATE,2017-02-01T00:00:00.50\n4.5,EARLY,2016-12-03T18:41:07.75Z\n")
    early, late = read_bursts(archive, "polar")
    assert (early.name, late.name) == ("EARLY", "LATE")
    assert early.interval == ("2016-12-03T18:39:28", "2016-12-03T18:42:52")
    assert late.interval == ("2017-01-31T23:57:20", "2017-02-01T00:04:00")
    shown = CliRunner().invoke(app, ["bursts", str(tmp_path), "--shortest", "10"]).output
    assert "LATE" in shown
    assert "EARLY" not in shown


def test_no_list_and_a_damaged_one(tmp_path: Path) -> None:
    with pytest.raises(MissingFile):
        read_bursts(DirectoryArchive(tmp_path), "polar")
    with pytest.raises(BadInput, match="line 2"):
        read_bursts(write(tmp_path, "name,utc,duration\nX,yesterday,3\n"), "polar")
    assert CliRunner().invoke(app, ["bursts", str(tmp_path)]).exit_code == 1


def test_the_real_list(shared_data: Path, tmp_path: Path) -> None:
    path = shared_data / "polar" / "polar_grbs.csv"
    if not path.is_file():
        pytest.skip(f"real data not found at {path}")
    bursts = read_bursts(write(tmp_path, path.read_text(encoding="utf-8")), "polar")
    assert len(bursts) == 47
    assert (bursts[0].name, bursts[0].utc[:19], bursts[0].duration_s) == ("GRB161129A", "2016-11-29T07:11:40", 41.5)
    assert (bursts[-1].name, bursts[-1].duration_s) == ("GRB170325B", 6.5)
