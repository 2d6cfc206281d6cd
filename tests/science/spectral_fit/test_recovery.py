"""Fits of spectra with known truth: folded through responses by numbers of their own, with noise."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from mesh.kit.ogip.observation import Observation
from mesh.kit.ogip.response import rmf_hdus
from tests.fit_container import Fit, FitContainer
from tests.known_spectra import INSTRUMENTS, cut_power_law, write_spectrum
from tests.science.bars import Bars

_CALIBRATION = 0.85
"""What the second instrument measures of the flux of the first."""


def _joint(folder: Path, rng: np.random.Generator, fold: float = 60.0) -> list[list[Path]]:
    found = []
    for name, factor in (("ISGRI", 1.0), ("JMX1", _CALIBRATION)):
        photons = factor * cut_power_law(INSTRUMENTS[name][3], 1.6, fold, 0.3)
        found.append(write_spectrum(folder, name, photons, rng))
    return found


@pytest.mark.parametrize(
    ("model", "fold", "trials"),
    [("powerlaw", 1e9, 4), pytest.param("cutoffpl", 60.0, 40, marks=[pytest.mark.long, pytest.mark.timeout(1800)])],
)
def test_two_instruments_jointly_give_the_truth(
    *, container: FitContainer, tmp_path: Path, bars: Bars, model: str, fold: float, trials: int
) -> None:
    truth = {f"{model}.PhoIndex": 1.6, f"{model}.norm": 0.3}
    if model == "cutoffpl":
        truth["cutoffpl.HighECut"] = fold
    rng = np.random.default_rng(2)
    pulls: dict[str, list[float]] = {name: [] for name in (*truth, "factor")}
    reduced = []
    for trial in range(trials):
        spectra = _joint(tmp_path / str(trial), rng, fold)
        fit = container.fit(*spectra, model=model, isgri_range=[[20, 400]])
        rows = [(name, fit.parameter(name), value) for name, value in truth.items()]
        row = {name.removeprefix("factor_"): value for name, value in fit.report["spectra"][1].items()}
        for name, found, value in [*rows, ("factor", row, _CALIBRATION)]:
            error = found["error_upper"] if value > found["value"] else found["error_lower"]
            pulls[name].append((found["value"] - value) / error)
        reduced.append(fit.report["reduced"])
    # Four times the scatter of a mean and of a standard deviation of so many trials.
    most, narrow, wide = 4 / np.sqrt(trials), 1 - 4 / np.sqrt(2 * trials), 1 + 4 / np.sqrt(2 * trials)
    for name, values in pulls.items():
        mean, spread = float(np.mean(values)), float(np.std(values))
        holds = abs(mean) < most and narrow < spread < wide
        limit = f"0 +- {most:.2f}, {narrow:.2f}-{wide:.2f}"
        bars.record("-", f"joint fit of {model}, {trials} trials, {name}: pull", [mean, spread], limit, holds)
    mean = float(np.mean(reduced))
    bars.record("-", f"joint fit of {model}, {trials} trials: reduced chi2", mean, "0.8 - 1.2", 0.8 < mean < 1.2)


def test_a_fixed_normalisation_sees_that_they_differ(container: FitContainer, tmp_path: Path) -> None:
    spectra = _joint(tmp_path, np.random.default_rng(3))
    free = container.fit(*spectra, model="cutoffpl", isgri_range=[[20, 400]])
    fixed = container.fit(*spectra, model="cutoffpl", isgri_range=[[20, 400]], cross_normalisation="fixed")
    assert fixed.report["dof"] == free.report["dof"] + 1
    assert fixed.report["statistic"] > free.report["statistic"] + 9  # three sigma


@pytest.fixture(name="simple")
def _simple(tmp_path: Path) -> list[Path]:
    photons = cut_power_law(INSTRUMENTS["ISGRI"][3], 2.1, 1e9, 8.0)
    return write_spectrum(tmp_path, "ISGRI", photons, np.random.default_rng(4))


def test_limits_ties_and_levels_are_kept(container: FitContainer, simple: list[Path]) -> None:
    def fit(settings: str = "", **parameters: object) -> Fit:
        return container.fit(simple, model="powerlaw", isgri_range=[[20, 400]], settings=settings, **parameters)

    one, wide = fit(), fit(confidence=95.45)
    assert one.value("powerlaw.PhoIndex") == pytest.approx(2.1, abs=0.05)
    narrow, broad = (row.parameter("powerlaw.PhoIndex")["error_upper"] for row in (one, wide))
    assert broad == pytest.approx(2 * narrow, rel=0.1)
    limited = fit("powerlaw.PhoIndex = 1.8 [1.5, 1.9]")
    assert limited.value("powerlaw.PhoIndex") <= 1.9
    assert any("ends at a limit" in text for text in limited.outcome.product.warnings)
    assert any("does not describe the data" in text for text in limited.outcome.product.warnings)
    frozen = fit("powerlaw.PhoIndex = 2.0 frozen")
    assert frozen.value("powerlaw.PhoIndex") == 2.0
    assert frozen.report["dof"] == one.report["dof"] + 1
    tied = container.fit(
        simple,
        model="powerlaw + powerlaw",
        isgri_range=[[20, 400]],
        settings="powerlaw_2.PhoIndex = powerlaw.PhoIndex; powerlaw_2.norm = 1 frozen",
    )
    assert tied.value("powerlaw_2.PhoIndex") == tied.value("powerlaw.PhoIndex")
    assert tied.value("powerlaw.norm") == pytest.approx(one.value("powerlaw.norm") - 1.0, rel=0.02)


def test_groups_lose_no_counts(container: FitContainer, simple: list[Path]) -> None:
    one = container.fit(simple, model="powerlaw", isgri_range=[[20, 400]])
    for grouping in ({"group_snr": 30.0}, {"group_counts": 5000}):
        grouped = container.fit(simple, model="powerlaw", isgri_range=[[20, 400]], **grouping)
        assert 3 < grouped.report["spectra"][0]["bins"] < one.report["spectra"][0]["bins"]
        assert grouped.value("powerlaw.PhoIndex") == pytest.approx(one.value("powerlaw.PhoIndex"), abs=0.03)
        table = fits.getdata(grouped.out / "fit.fits", "CURVES")
        full = fits.getdata(one.out / "fit.fits", "CURVES")
        last = table["HIGH"][-1]
        assert table["RATE"].sum() == pytest.approx(full["RATE"][full["HIGH"] <= last * 1.001].sum(), rel=1e-6)
        if "group_snr" in grouping:
            assert np.all(table["RATE"] / table["ERROR"] >= 30.0)


def test_a_systematic_error_is_one_of_the_group(container: FitContainer, simple: list[Path]) -> None:
    fit = container.fit(simple, model="powerlaw", isgri_range=[[20, 400]], systematic=0.05, group_snr=30.0)
    plain = container.fit(simple, model="powerlaw", isgri_range=[[20, 400]], group_snr=30.0)
    table, before = (fits.getdata(one.out / "fit.fits", "CURVES") for one in (fit, plain))
    np.testing.assert_allclose(table["ERROR"] ** 2, before["ERROR"] ** 2 + (0.05 * table["RATE"]) ** 2, rtol=1e-5)


def test_the_same_unit_gives_the_same_bytes(container: FitContainer, simple: list[Path]) -> None:
    one, other = (
        container.fit(simple, model="wabs*powerlaw", isgri_range=[[20, 400]], settings="nH=1 frozen") for _ in "12"
    )
    for name in ("fit.json", "preview.png"):
        assert (one.out / name).read_bytes() == (other.out / name).read_bytes()


def _counted(folder: Path, rng: np.random.Generator) -> list[Path]:
    """Write counts of few photons with a background, as a gamma-ray burst gives them."""
    _, _, first, energy, edges, matrix = INSTRUMENTS["ISGRI"]
    expected = cut_power_law(energy, 1.5, 1e9, 0.4) @ matrix
    behind = np.full(expected.size, 0.05)
    files = []
    for name, mean, seconds in (("pha", (expected + behind) * 20.0, 20.0), ("bkg", behind * 400.0, 400.0)):
        columns = [
            fits.Column("CHANNEL", "I", array=np.arange(first, first + expected.size)),
            fits.Column("COUNTS", "J", array=rng.poisson(mean)),
        ]
        hdu = fits.BinTableHDU.from_columns(columns, name="SPECTRUM")
        cards = {"HDUCLAS1": "SPECTRUM", "HDUCLAS2": "TOTAL" if name == "pha" else "BKG", "POISSERR": True}
        hdu.header.update(
            {**cards, "EXPOSURE": seconds, "BACKSCAL": 1.0, "RESPFILE": "rmf.fits", "BACKFILE": "bkg.fits"}
        )
        files.append(folder / f"{name}.fits")
        fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(files[-1])
    seen = Observation("POLAR", 1000.0, 1000.1, "GRB")
    response = rmf_hdus(energy, edges, matrix, observation=seen, first_channel=first, with_area=True)
    files.append(folder / "rmf.fits")
    fits.HDUList([fits.PrimaryHDU(), *response]).writeto(files[-1])
    return files


def test_counts_with_a_background_by_the_w_statistic(container: FitContainer, tmp_path: Path) -> None:
    fit = container.fit(_counted(tmp_path, np.random.default_rng(5)), model="powerlaw")
    assert fit.report["statistic_name"] == "wstat"
    row = fit.parameter("powerlaw.PhoIndex")
    assert row["value"] == pytest.approx(1.5, abs=4 * row["error_upper"])
    assert 0.5 < fit.report["reduced"] < 1.5
    assert fit.report["null_probability"] is None
