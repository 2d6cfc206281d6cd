"""What an archive has beside the data of its windows becomes an input where it is there and matters."""

from pathlib import Path
from typing import Any

import pytest

from mesh.archive.access import Archive
from mesh.archive.index import COMPACT_PATH, Entry
from mesh.archive.locate import open_archive
from mesh.archive.scw import ScwId
from mesh.instruments import instrument
from services.dispatcher.windows import WindowSource, files_beside

_WINDOWS = ("201600270010.001", "201600280010.001")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    names = ("cat/hec/gnrl_refr_cat_0043.fits.gz", f"scw/2016/{_WINDOWS[0]}/sc_orbit_param.fits.gz")
    for name in (*names, f"scw/2016/{_WINDOWS[1]}/isgri_events.fits.gz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    entries = (
        Entry(ScwId.parse(scw), n, n + 0.1, 10.0, 20.0, 30.0, 40.0, "POINTING", 8640.0, files)
        for n, (scw, files) in enumerate(
            zip(_WINDOWS, [("sc_orbit_param.fits.gz",), ("isgri_events.fits.gz",)], strict=True)
        )
    )
    (tmp_path / COMPACT_PATH).parent.mkdir(parents=True)
    (tmp_path / COMPACT_PATH).write_text("".join(f"{entry.to_json()}\n" for entry in entries))
    return tmp_path


def test_the_first_file_of_a_kind_is_taken(archive: Path) -> None:
    kinds = {"catalogue": ("no.fits", "cat/hec/gnrl_refr_cat_0043.fits.gz"), "nothing": ("no.fits",)}
    (found,) = files_beside(kinds, "archive", "", open_archive(archive))
    assert (found.role, found.path, found.files) == ("catalogue", "cat/hec", ("gnrl_refr_cat_0043.fits.gz",))


def test_each_window_has_its_own(archive: Path) -> None:
    found = WindowSource(str(archive), 10).beside_windows({"orbit": ("sc_orbit_param.fits.gz",)}, _WINDOWS)
    assert [entry.path for entry in found[_WINDOWS[0]]] == [f"scw/2016/{_WINDOWS[0]}"]
    assert found[_WINDOWS[1]] == ()


class _Asked:
    """An archive that tells what it was asked for."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self.paths: list[str] = []

    def __getattr__(self, name: str) -> Any:
        return getattr(self._archive, name)

    def stamp(self, path: str) -> str:
        self.paths.append(path)
        return self._archive.stamp(path)


def test_where_the_index_tells_the_files_of_a_window_others_are_not_asked_for(
    archive: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = _Asked(open_archive(archive))
    monkeypatch.setattr("services.dispatcher.windows.open_archive", lambda _: asked)
    names = {"dead_time": ("ibis_deadtime.fits.gz", "ibis_deadtime.fits"), "orbit": ("sc_orbit_param.fits.gz",)}
    found = WindowSource(str(archive), 10).beside_windows(names, _WINDOWS)
    assert [len(found[window]) for window in _WINDOWS] == [1, 0]
    assert [path for path in asked.paths if path.startswith("scw/")] == [
        f"scw/2016/{_WINDOWS[0]}/sc_orbit_param.fits.gz"
    ]


def test_a_mesh_without_an_archive_and_a_stage_without_such_files_have_none(archive: Path) -> None:
    assert WindowSource("", 10).beside({"catalogue": ("a.fits",)}) == ()
    assert WindowSource(str(archive), 10).beside({}) == ()


@pytest.mark.parametrize("name", ["isgri", "jemx"])
def test_the_catalogue_matters_for_the_word_alone_and_the_orbit_for_barycentric_times(name: str) -> None:
    used = instrument(name)
    for stage in ("image", "mosaic"):
        assert set(used.files_beside({"catalogue": "reference"}, stage, window=False)) == {"reference_catalogue"}
        assert used.files_beside({"catalogue": [{"name": "x", "ra": 1, "dec": 1}]}, stage, window=False) == {}
    assert "orbit" not in used.files_beside({"barycentre": False}, "lc", window=True)
    assert "orbit" in used.files_beside({"barycentre": True}, "lc", window=True)
