"""What an archive has beside the data of its windows becomes an input where it is there and matters."""

from pathlib import Path

import pytest

from mesh.archive.locate import open_archive
from mesh.instruments import instrument
from services.dispatcher.windows import WindowSource, files_beside

_WINDOWS = ("201600270010.001", "201600280010.001")


@pytest.fixture
def archive(tmp_path: Path) -> Path:
    names = ("cat/hec/gnrl_refr_cat_0043.fits.gz", f"scw/2016/{_WINDOWS[0]}/sc_orbit_param.fits.gz")
    for name in (*names, f"scw/2016/{_WINDOWS[1]}/isgri_events.fits.gz"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(name)
    return tmp_path


def test_the_first_file_of_a_kind_is_taken(archive: Path) -> None:
    kinds = {"catalogue": ("no.fits", "cat/hec/gnrl_refr_cat_0043.fits.gz"), "nothing": ("no.fits",)}
    (found,) = files_beside(kinds, "archive", "", open_archive(archive))
    assert (found.role, found.path, found.files) == ("catalogue", "cat/hec", ("gnrl_refr_cat_0043.fits.gz",))


def test_each_window_has_its_own(archive: Path) -> None:
    found = WindowSource(str(archive), 10).beside_windows({"orbit": ("sc_orbit_param.fits.gz",)}, _WINDOWS)
    assert [entry.path for entry in found[_WINDOWS[0]]] == [f"scw/2016/{_WINDOWS[0]}"]
    assert found[_WINDOWS[1]] == ()


def test_a_mesh_without_an_archive_and_a_stage_without_such_files_have_none(archive: Path) -> None:
    assert WindowSource("", 10).beside({"catalogue": ("a.fits",)}) == ()
    assert WindowSource(str(archive), 10).beside({}) == ()


@pytest.mark.parametrize("name", ["isgri", "jemx"])
def test_the_catalogue_matters_for_the_word_alone_and_the_orbit_for_barycentric_times(name: str) -> None:
    used = instrument(name)
    for stage in ("image", "mosaic"):
        assert set(used.files_beside({"catalogue": "reference"}, stage, window=False)) == {"reference_catalogue"}
        assert used.files_beside({"catalogue": [{"name": "x", "ra": 1, "dec": 1}]}, stage, window=False) == {}
    assert used.files_beside({"barycentre": False}, "lc", window=True) == {}
    assert set(used.files_beside({"barycentre": True}, "lc", window=True)) == {"orbit"}
