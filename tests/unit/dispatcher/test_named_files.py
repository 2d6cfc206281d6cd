"""Files of the archive that a request names become inputs, with stamps; absent ones are named."""

from pathlib import Path

import pytest

from mesh.archive.locate import open_archive
from mesh.errors import ArchiveUnavailable, BadInput
from services.dispatcher.windows import WindowSource, named_files


@pytest.fixture(name="archive")
def _archive(tmp_path: Path) -> Path:
    for name in ("one/pha.fits", "one/rmf.fits", "two.fits"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(name, encoding="utf-8")
    return tmp_path


def test_each_file_is_an_input_that_knows_its_place(archive: Path) -> None:
    named = {"files": ["one/pha.fits,one/rmf.fits", "two.fits"], "responses": ["two.fits"]}
    found = list(named_files(named, open_archive(archive)))
    assert [(one.role, one.label, one.path, one.files) for one in found] == [
        ("files", "0-0", "one", ("pha.fits",)),
        ("files", "0-1", "one", ("rmf.fits",)),
        ("files", "1-0", ".", ("two.fits",)),
        ("responses", "0-0", ".", ("two.fits",)),
    ]
    assert found[2].stamp == found[3].stamp != found[0].stamp


def test_another_content_is_another_input(archive: Path) -> None:
    def stamp() -> str:
        (one,) = named_files({"files": ["two.fits"]}, open_archive(archive))
        return one.stamp

    before = stamp()
    (archive / "two.fits").write_text("something else", encoding="utf-8")
    assert stamp() != before


def test_an_absent_file_is_named_and_nothing_is_opened_for_nothing(archive: Path) -> None:
    with pytest.raises(BadInput, match=r"one/arf\.fits .*below the archive") as caught:
        list(named_files({"files": ["one/pha.fits,one/arf.fits"]}, open_archive(archive)))
    assert caught.value.reason == "NoSuchFile"

    away = WindowSource("", 1)
    assert away.files({"files": []}) == ()
    with pytest.raises(ArchiveUnavailable):
        away.files({"files": ["two.fits"]})
