"""Official files of the standard software: its response can take the place of ours, its spectra have our channels."""

import gzip
import shutil
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray
from scipy.optimize import least_squares

from mesh.kit import BadInput
from services.isgri.analysis.channels import edges_kev
from services.isgri.analysis.response import Response, facts, model_response, official_response


@pytest.fixture
def official(shared_data: Path, tmp_path: Path) -> Path:
    """The OSA 11 response as an operator would put it into the archive."""
    packed = shared_data / "osa-spectra-lightcurves" / "isgri_rmf_Crab_OSA11.fits.gz"
    if not packed.exists():
        pytest.skip("real data: the OSA 11 response is not there")
    with gzip.open(packed) as source, (tmp_path / "isgri_rmf.fits").open("wb") as target:
        shutil.copyfileobj(source, target)
    return tmp_path / "isgri_rmf.fits"


def test_the_official_response_is_used_in_our_unit_of_flux(official: Path) -> None:
    used = official_response(official)
    assert used.matrix.sum(axis=1).max() == pytest.approx(1.0, abs=1e-6)
    middle = (used.energy_kev[1:] + used.energy_kev[:-1]) / 2.0
    scale = facts()["official"]["rate_scale"]
    # Areas of the OSA 11 matrix.
    for energy, area in ((20.0, 720.0), (40.0, 1046.0), (60.0, 1270.0), (100.0, 879.0), (200.0, 242.0)):
        assert np.interp(energy, middle, used.area_cm2) * scale == pytest.approx(area, rel=0.02)
    # In the band in which the scale was measured the Crab has the same rate through both.
    inside = (edges_kev()[:-1] >= 28.0) & (edges_kev()[1:] <= 80.0)
    rates = [float(_power_law(response, 2.1)[inside].sum()) for response in (used, model_response())]
    print(f"Crab in 28-79 keV, our unit: {rates[0]:.1f} counts/s through the official response, {rates[1]:.1f} by ours")
    assert rates[0] == pytest.approx(rates[1], rel=0.1)


def test_the_model_has_the_shape_of_the_official_area(official: Path) -> None:
    energies = np.array([25.0, 40.0, 60.0, 100.0, 150.0, 300.0, 700.0])
    areas = [
        np.interp(energies, (used.energy_kev[1:] + used.energy_kev[:-1]) / 2.0, used.area_cm2)
        for used in (official_response(official), model_response())
    ]
    ratio = areas[1] / areas[0]
    print(f"model over official area at {energies} keV: {np.round(ratio, 3)}")
    assert ratio == pytest.approx(ratio.mean(), rel=0.03)
    assert not official_response(official).warning


def _power_law(used: Response, index: float) -> NDArray[np.float64]:
    """Counts/s per channel of a power law, 4.33e-3 photons/cm2/s/keV at 40 keV (the Crab)."""
    edges = used.energy_kev / 40.0
    photons = 40.0 * 4.33e-3 * -np.diff(edges ** (1.0 - index)) / (index - 1.0)
    counts: NDArray[np.float64] = (photons * used.area_cm2) @ used.matrix
    return counts


def _index(
    used: Response, rate: NDArray[np.float64], error: NDArray[np.float64], low: float, high: float
) -> tuple[float, float]:
    """Return the index of a power law fitted in a range of channels, and its error."""
    inside = (edges_kev()[:-1] >= low) & (edges_kev()[1:] <= high) & (error > 0.0) & np.isfinite(rate)

    def pulls(p: NDArray[np.float64]) -> NDArray[np.float64]:
        off: NDArray[np.float64] = ((np.exp(p[0]) * _power_law(used, p[1]) - rate) / error)[inside]
        return off

    start = np.log(rate[inside].sum() / _power_law(used, 2.0)[inside].sum())
    best = least_squares(pulls, [start, 2.0])
    return float(best.x[1]), float(np.linalg.inv(best.jac.T @ best.jac)[1, 1] ** 0.5)


def test_the_crab_through_the_official_response_has_its_index_in_ours(official: Path) -> None:
    """With the energies of OSA 11 the index comes back, with true energies it is 0.2 too large."""
    rate = _power_law(official_response(official), 2.1)
    error = np.sqrt(rate + 0.1)
    for low, high in ((20.0, 100.0), (28.0, 200.0), (40.0, 200.0)):
        with_offset, without = (
            _index(model_response(osa_energies=osa), rate, error, low, high)[0] for osa in (True, False)
        )
        print(f"{low:g}-{high:g} keV: index {with_offset:.3f} with OSA 11's energies, {without:.3f} without")
        assert with_offset == pytest.approx(2.1, abs=0.08)
        assert 2.2 < without < 2.4
    assert "0.2" in model_response().warning


@pytest.mark.parametrize(
    ("name", "high"), [("IBIS_spectrum_GRB221009A.fits", 150.0), ("isgri_1A0535+262_pha_256ch.fits.gz", 100.0)]
)
def test_official_spectra_have_the_same_index_in_both_responses(
    official: Path, shared_data: Path, name: str, high: float
) -> None:
    path = shared_data / "osa-spectra-lightcurves" / name
    if not path.exists():
        pytest.skip(f"real data: {name} is not there")
    with fits.open(path, memmap=False) as hdus:
        [spectrum] = [hdu.data for hdu in hdus[1:] if hdu.header.get("HDUCLAS1") == "SPECTRUM"]
        rate, error = (np.nan_to_num(spectrum[column].astype(np.float64)) for column in ("RATE", "STAT_ERR"))
    theirs, sigma = _index(official_response(official), rate, error, 28.0, high)
    ours, _ = _index(model_response(osa_energies=True), rate, error, 28.0, high)
    print(f"{name}: index {theirs:.2f} +- {sigma:.2f} with OSA 11's response, {ours:.2f} with ours")
    assert abs(ours - theirs) < 0.5 * sigma


def test_an_official_file_of_another_instrument_is_refused(shared_data: Path, tmp_path: Path) -> None:
    other = shared_data / "osa-spectra-lightcurves" / "JMX1_rmf_GRB221009A.fits"
    if not other.exists():
        pytest.skip("real data: the JEM-X response is not there")
    shutil.copy(other, tmp_path / "isgri_rmf.fits")
    with pytest.raises(BadInput, match="not the 256"):
        official_response(tmp_path / "isgri_rmf.fits")


@pytest.mark.parametrize("name", ["IBIS_spectrum_GRB221009A.fits", "isgri_1A0535+262_pha_256ch.fits.gz"])
def test_official_spectra_have_our_channels(shared_data: Path, name: str) -> None:
    path = shared_data / "osa-spectra-lightcurves" / name
    if not path.exists():
        pytest.skip(f"real data: {name} is not there")
    with fits.open(path, memmap=False) as hdus:
        [spectrum] = [hdu for hdu in hdus[1:] if hdu.header.get("HDUCLAS1") == "SPECTRUM"]
        assert {"CHANNEL", "RATE", "STAT_ERR", "SYS_ERR", "QUALITY", "GROUPING"} <= set(spectrum.columns.names)
        assert (int(spectrum.data["CHANNEL"][0]), len(spectrum.data)) == (0, edges_kev().size - 1)
