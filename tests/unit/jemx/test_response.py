"""Official responses of JEM-X beside the archive: taken in the place of the model, or refused."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from mesh.kit import BadInput, Unit
from mesh.kit.ogip.observation import Observation
from mesh.kit.ogip.response import arf_hdu, rmf_hdus
from services.jemx.analysis.channels import edges_kev, standard_edges_kev
from services.jemx.analysis.response import area_cm2, redistribution, response
from tests.unit_directory import unit_directory

_ENERGY = np.geomspace(2.0, 60.0, 301)
_WHOLE = Observation("JMX1", 1.0, 2.0)


def _written(folder: Path, channels: Any, *, factor: float = 1.0) -> list[tuple[str, str, Path]]:
    matrix = rmf_hdus(
        _ENERGY, channels, factor * redistribution(channels, _ENERGY), observation=_WHOLE, first_channel=1
    )
    fits.HDUList([fits.PrimaryHDU(), *matrix]).writeto(folder / "jmx1_rmf.fits")
    area = arf_hdu(_ENERGY, np.full(300, 50.0), observation=_WHOLE)
    fits.HDUList([fits.PrimaryHDU(), area]).writeto(folder / "jmx1_arf.fits.gz")
    return [
        ("response_matrix_1", "archive", folder / "jmx1_rmf.fits"),
        ("effective_area_1", "archive", folder / "jmx1_arf.fits.gz"),
    ]


def _unit(folder: Path, inputs: list[tuple[str, str, Path]]) -> Unit:
    return Unit(unit_directory(folder / "unit", "spectrum_sum", "job", {}, inputs))


@pytest.mark.parametrize("channels", [edges_kev(), standard_edges_kev()])
def test_an_official_response_takes_the_place_of_the_model(tmp_path: Path, channels: Any) -> None:
    used = response(_unit(tmp_path, _written(tmp_path, channels, factor=0.9)), 1)
    assert "official" in used.origin
    np.testing.assert_allclose(used.area_cm2, 50.0)
    at_ten = int(np.searchsorted(_ENERGY, 10.0))
    given, other = (used.fine, used.standard) if channels.size == 257 else (used.standard, used.fine)
    assert given[at_ten].sum() == pytest.approx(0.9, abs=0.01)
    assert other[at_ten].sum() == pytest.approx(1.0, abs=0.01)
    assert used.fine.shape == (300, 256)
    assert used.standard.shape == (300, 16)


def test_one_unit_has_its_own(tmp_path: Path) -> None:
    used = response(_unit(tmp_path, _written(tmp_path, edges_kev())), 2)
    np.testing.assert_array_equal(used.area_cm2, area_cm2())


@pytest.mark.parametrize(("kept", "words"), [(slice(0, 1), "jmx1_arf.fits is not there"), (slice(1, 2), "not used")])
def test_half_a_response_is_told(tmp_path: Path, kept: slice, words: str) -> None:
    unit = _unit(tmp_path, _written(tmp_path, edges_kev())[kept])
    if kept.start:
        response(unit, 1)
        assert any(words in text for text in unit.warnings)
        return
    with pytest.raises(BadInput, match=words) as caught:
        response(unit, 1)
    assert caught.value.reason == "BadResponse"


def test_another_grid_of_channels_is_refused(tmp_path: Path) -> None:
    with pytest.raises(BadInput, match="neither the 256"):
        response(_unit(tmp_path, _written(tmp_path, np.linspace(3.0, 35.0, 33))), 1)


def test_the_response_of_a_real_crab_is_used(tmp_path: Path, shared_data: Path) -> None:
    folder = shared_data / "jemx"
    if not folder.is_dir():
        pytest.skip("the products of the standard software are not there")
    for kind in ("rmf", "arf"):
        (tmp_path / f"jmx1_{kind}.fits.gz").symlink_to(folder / f"jmx1_{kind}_Crab_066500230010.fits.gz")
    roles = ("response_matrix_1", "effective_area_1")
    names = ("jmx1_rmf.fits.gz", "jmx1_arf.fits.gz")
    used = response(_unit(tmp_path, [(r, "archive", tmp_path / n) for r, n in zip(roles, names, strict=True)]), 1)
    photons = 9.7 * -np.diff(used.energy_kev**-1.1) / 1.1
    # 121.9 counts/s is what other software gets of a Crab through these files.
    assert ((photons * used.area_cm2) @ used.standard).sum() == pytest.approx(121.9, rel=0.01)
