"""Official files of the standard software: its response can take the place of ours, its spectra have our channels."""

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from isgri_analysis.channels import edges_kev
from isgri_analysis.response import facts, model_response, official_response

from mesh.kit import BadInput


@pytest.fixture
def official(shared_data: Path, tmp_path: Path) -> Path:
    """A directory with the OSA 11 response as an operator would put it into the image."""
    packed = shared_data / "osa-spectra-lightcurves" / "isgri_rmf_Crab_OSA11.fits.gz"
    if not packed.exists():
        pytest.skip("real data: the OSA 11 response is not there")
    with gzip.open(packed) as source, (tmp_path / "isgri_rmf.fits").open("wb") as target:
        shutil.copyfileobj(source, target)
    return tmp_path


def test_the_official_response_is_used_in_our_unit_of_flux(official: Path) -> None:
    used = official_response(official)
    assert used.matrix.sum(axis=1).max() == pytest.approx(1.0, abs=1e-6)
    middle = (used.energy_kev[1:] + used.energy_kev[:-1]) / 2.0
    scale = facts()["official"]["rate_scale"]
    # Areas of the OSA 11 matrix.
    for energy, area in ((20.0, 720.0), (40.0, 1046.0), (60.0, 1270.0), (100.0, 879.0), (200.0, 242.0)):
        assert np.interp(energy, middle, used.area_cm2) * scale == pytest.approx(area, rel=0.02)
    # The Crab folded through it has 180.6 counts/s in 20-40 keV (a broken power law); ours is 10 E^-2.1.
    inside = (edges_kev()[:-1] >= 20.0) & (edges_kev()[1:] <= 40.0)
    photons = 10.0 * -np.diff(used.energy_kev**-1.1) / 1.1
    rate = float(((photons * used.area_cm2) @ used.matrix)[inside].sum())
    print(f"Crab in 20-39.5 keV through the official response: {rate:.1f} counts/s in our unit")
    assert rate == pytest.approx(142.0, rel=0.1)


def test_the_model_has_the_shape_of_the_official_area(official: Path) -> None:
    """Alike, not equal: a Gaussian redistribution must make up for the tail of lost charge."""
    energies = np.array([25.0, 40.0, 60.0, 100.0, 150.0, 300.0])
    areas = [
        np.interp(energies, (used.energy_kev[1:] + used.energy_kev[:-1]) / 2.0, used.area_cm2)
        for used in (official_response(official), model_response())
    ]
    ratio = areas[1] / areas[0]
    print(f"model over official area at {energies} keV: {np.round(ratio, 2)}")
    assert np.all((ratio > 1.0) & (ratio < 1.45))
    assert "2.4" in model_response().warning
    assert not official_response(official).warning


def test_an_official_file_of_another_instrument_is_refused(shared_data: Path, tmp_path: Path) -> None:
    other = shared_data / "osa-spectra-lightcurves" / "JMX1_rmf_GRB221009A.fits"
    if not other.exists():
        pytest.skip("real data: the JEM-X response is not there")
    shutil.copy(other, tmp_path / "isgri_rmf.fits")
    with pytest.raises(BadInput, match="not the 256"):
        official_response(tmp_path)


@pytest.mark.parametrize("name", ["IBIS_spectrum_GRB221009A.fits", "isgri_1A0535+262_pha_256ch.fits.gz"])
def test_official_spectra_have_our_channels(shared_data: Path, name: str) -> None:
    path = shared_data / "osa-spectra-lightcurves" / name
    if not path.exists():
        pytest.skip(f"real data: {name} is not there")
    with fits.open(path, memmap=False) as hdus:
        [spectrum] = [hdu for hdu in hdus[1:] if hdu.header.get("HDUCLAS1") == "SPECTRUM"]
        assert {"CHANNEL", "RATE", "STAT_ERR", "SYS_ERR", "QUALITY", "GROUPING"} <= set(spectrum.columns.names)
        assert (int(spectrum.data["CHANNEL"][0]), len(spectrum.data)) == (0, edges_kev().size - 1)
