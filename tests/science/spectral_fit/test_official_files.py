"""Fits of real spectra of the official software: what others found with the same files."""

from pathlib import Path

import pytest

from tests.fit_container import FitContainer
from tests.science.bars import Bars

_OSA = "osa-spectra-lightcurves"


def _crab(data: Path) -> list[Path]:
    return [data / "jemx" / f"jmx1_{kind}_066500230010.fits.gz" for kind in ("spec_Crab_pha", "rmf_Crab", "arf_Crab")]


def _grb(data: Path, instrument: str) -> list[Path]:
    ending = ".gz" if instrument == "IBIS" else ""
    names = (f"{instrument}_spectrum_GRB221009A.fits", f"{instrument}_rmf_GRB221009A.fits{ending}")
    return [data / _OSA / name for name in (*names, f"{instrument}_arf_GRB221009A.fits")]


def test_the_crab_of_jemx(container: FitContainer, shared_data: Path, bars: Bars) -> None:
    fit = container.fit(_crab(shared_data), model="powerlaw", jemx_range=[[3, 35]])
    index, norm = fit.value("powerlaw.PhoIndex"), fit.value("powerlaw.norm")
    bars.record("B-25", "real JEM-X Crab, 3-35 keV: photon index", index, "2.15 +- 0.2", abs(index - 2.15) <= 0.2)
    bars.record("B-25", "the same: norm at 1 keV, ph/cm2/s/keV", norm, "10.0 +- 0.1", abs(norm - 10.0) <= 0.1)
    chi2 = fit.report["statistic"]
    bars.record("-", "the same: chi2 for 14 degrees of freedom", chi2, "8.8 +- 0.1", abs(chi2 - 8.8) <= 0.1)
    assert fit.report["dof"] == 14


def test_the_crab_of_jemx_with_systematics(container: FitContainer, shared_data: Path, bars: Bars) -> None:
    fit = container.fit(_crab(shared_data), model="powerlaw", jemx_range=[[5, 22]], systematic=0.03)
    row = fit.parameter("powerlaw.PhoIndex")
    bars.record(
        "-", "real JEM-X Crab, 5-22 keV, 3 %: index", row["value"], "2.34 +- 0.21", abs(row["value"] - 2.34) < 0.21
    )
    assert 0.15 < row["error_upper"] < 0.27


def test_a_burst_of_isgri(container: FitContainer, shared_data: Path, bars: Bars) -> None:
    fit = container.fit(_grb(shared_data, "IBIS"), model="powerlaw", isgri_range=[[28, 150]], flux_bands=[[28, 150]])
    index, chi2 = fit.value("powerlaw.PhoIndex"), fit.report["statistic"]
    bars.record("-", "real ISGRI GRB 221009A: photon index", index, "2.00 +- 0.24", abs(index - 2.0) < 0.24)
    bars.record("-", "the same: chi2", chi2, "56.9 +- 0.2", abs(chi2 - 56.9) < 0.2)
    assert fit.report["dof"] == 62
    flux = fit.report["fluxes"][0]
    assert flux["erg_cm2_s"] == pytest.approx(2.2e-10, rel=0.05)
    assert flux["erg_lower"] < flux["erg_cm2_s"] < flux["erg_upper"]


def test_the_flux_model_gives_the_flux_of_the_band(container: FitContainer, shared_data: Path) -> None:
    files, ranges = _grb(shared_data, "IBIS"), [[28, 150]]
    plain = container.fit(files, model="powerlaw", isgri_range=ranges, flux_bands=ranges, confidence=68.27)
    flux = plain.report["fluxes"][0]
    fit = container.fit(files, model="cflux*powerlaw", isgri_range=ranges, settings="Emin = 28; Emax = 150")
    row = fit.parameter("cflux.lg10Flux")
    assert 10 ** row["value"] == pytest.approx(flux["erg_cm2_s"], rel=0.01)
    assert 10 ** row["lower"] == pytest.approx(flux["erg_lower"], rel=0.01)
    assert 10 ** row["upper"] == pytest.approx(flux["erg_upper"], rel=0.01)
    assert not fit.parameter("powerlaw.norm")["free"]


def test_fluxes_of_a_loose_cutoff_hold_their_best_values(container: FitContainer, shared_data: Path) -> None:
    """No covariance describes a cutoff whose interval is far from even."""
    files, ranges, bands = _grb(shared_data, "IBIS"), [[28, 150]], [[20, 40], [150, 300]]
    for flux in container.fit(files, model="cutoffpl", isgri_range=ranges, flux_bands=bands).report["fluxes"]:
        assert 0.0 < flux["erg_lower"] < flux["erg_cm2_s"] < flux["erg_upper"]
        assert flux["photons_lower"] < flux["photons_cm2_s"] < flux["photons_upper"]
        settings = f"Emin = {flux['low_kev']}; Emax = {flux['high_kev']}"
        fit = container.fit(files, model="cflux*cutoffpl", isgri_range=ranges, settings=settings)
        row = fit.parameter("cflux.lg10Flux")
        assert 10 ** row["lower"] == pytest.approx(flux["erg_lower"], rel=0.01)
        assert 10 ** row["upper"] == pytest.approx(flux["erg_upper"], rel=0.01)


def test_three_instruments_jointly(container: FitContainer, shared_data: Path, bars: Bars) -> None:
    spectra = [_grb(shared_data, name) for name in ("JMX2", "IBIS", "JMX1")]
    fit = container.fit(*spectra, model="powerlaw", isgri_range=[[28, 150]])
    assert [row["instrument"] for row in fit.report["spectra"]] == ["ISGRI", "JMX1", "JMX2"]
    assert [row["factor_error_upper"] is None for row in fit.report["spectra"]] == [True, False, False]
    index = fit.value("powerlaw.PhoIndex")
    bars.record("-", "ISGRI, JEM-X 1 and 2 of GRB 221009A jointly: index", index, "2.0 - 2.3", 2.0 < index < 2.3)
    total = sum(row["contribution"] for row in fit.report["spectra"])
    assert total == pytest.approx(fit.report["statistic"], rel=1e-6)


def test_jemx_of_the_burst(container: FitContainer, shared_data: Path, bars: Bars) -> None:
    for unit, expected, error, chi2 in ((1, 2.18, 0.22, 1.5), (2, 2.10, 0.15, 3.1)):
        fit = container.fit(_grb(shared_data, f"JMX{unit}"), model="powerlaw")
        index = fit.value("powerlaw.PhoIndex")
        holds = abs(index - expected) < error and abs(fit.report["statistic"] - chi2) < 0.1
        bars.record(
            "-", f"real JEM-X {unit} GRB 221009A: index, chi2 {chi2}/14", index, f"{expected} +- {error}", holds
        )


def test_a_binary_of_osa_10(container: FitContainer, shared_data: Path, bars: Bars) -> None:
    names = ("pha_62ch_OSA10.fits", "rmf_62ch_OSA10.fits.gz", "arf_OSA10.fits")
    files = [shared_data / _OSA / f"isgri_4U1700-377_{name}" for name in names]
    fit = container.fit(files, model="powerlaw", isgri_range=[[20, 200]])
    index = fit.value("powerlaw.PhoIndex")
    bars.record("-", "real ISGRI 4U 1700-377, 20-200 keV: index", index, "2.76 +- 0.18", abs(index - 2.76) < 0.18)
    cut = container.fit(files, model="cutoffpl", isgri_range=[[15, 200]])
    row = cut.parameter("cutoffpl.HighECut")
    bars.record(
        "-", "the same, cut-off energy, keV", row["value"], "12 within its errors", row["lower"] < 12 < row["upper"]
    )


def test_an_outburst_in_256_channels(container: FitContainer, shared_data: Path, bars: Bars) -> None:
    names = ("pha_256ch.fits.gz", "rmf_256ch.fits.gz", "arf.fits.gz")
    files = [shared_data / _OSA / f"isgri_1A0535+262_{name}" for name in names]
    fit = container.fit(files, model="powerlaw", isgri_range=[[28, 100]])
    index, chi2 = fit.value("powerlaw.PhoIndex"), fit.report["statistic"]
    bars.record("-", "real ISGRI 1A 0535+262: index", index, "3.13 +- 0.18", abs(index - 3.13) < 0.18)
    bars.record("-", "the same: chi2", chi2, "52.4 +- 0.2", abs(chi2 - 52.4) < 0.2)
    assert fit.report["dof"] == 40
