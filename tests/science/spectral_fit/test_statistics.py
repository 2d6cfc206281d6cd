"""Fits of few counts, of correlated errors and at limits: what is unbiased by default, and how wide intervals are."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit.ogip.observation import Observation
from mesh.kit.ogip.response import rmf_hdus
from tests.fit_container import Fit, FitContainer
from tests.known_spectra import INSTRUMENTS, cut_power_law, write_spectrum
from tests.science.bars import Bars

_EDGES = np.linspace(10.0, 510.0, 151)  # 150 channels, as POLAR's spectra have them
_ENERGY = np.geomspace(8.0, 900.0, 301)
_LIVE_S, _BEHIND_S = 20.0, 60.0


def _matrix() -> NDArray[np.float64]:
    middle, centre = np.sqrt(_ENERGY[1:] * _ENERGY[:-1]), (_EDGES[1:] + _EDGES[:-1]) / 2
    width = 0.2 * middle[:, None]
    return np.asarray(
        100.0
        * np.exp(-0.5 * ((centre - middle[:, None]) / width) ** 2)
        * np.diff(_EDGES)
        / (width * np.sqrt(2 * np.pi))
    )


def _few_counts(
    folder: Path, rng: np.random.Generator, source: float, behind: float, *, gaussian: bool = False
) -> list[Path]:
    """Write counts of a power law of index 1.8 and those beside it, as a burst gives them.

    Args:
        folder: where to.
        rng: noise.
        source: expected counts of the source.
        behind: expected counts of the background beneath it; 0 for no background file.
        gaussian: whether the background comes as rates with Gaussian errors.
    """
    folder.mkdir(exist_ok=True)
    matrix = _matrix()
    shape = cut_power_law(_ENERGY, 1.8, 1e9, 1.0) @ matrix
    below = np.exp(-(_EDGES[1:] + _EDGES[:-1]) / 300.0)
    below *= behind / below.sum()
    counts = rng.poisson(source * shape / shape.sum() + below)
    channel = np.arange(150)
    files = [folder / "burst.pha", folder / "burst.bak", folder / "burst.rsp"]
    cards: dict[str, Any] = {"HDUCLAS1": "SPECTRUM", "DETCHANS": 150, "RESPFILE": "burst.rsp", "BACKSCAL": 1.0}
    cards |= {"BACKFILE": "burst.bak"} if behind else {}
    _write_counts(files[0], {"CHANNEL": channel, "COUNTS": counts}, cards | {"EXPOSURE": _LIVE_S, "POISSERR": True})
    beside = rng.poisson(below * _BEHIND_S / _LIVE_S)
    if gaussian:
        error = np.sqrt(np.maximum(below * _BEHIND_S / _LIVE_S, 1e-3))
        columns = {"CHANNEL": channel, "RATE": beside / _BEHIND_S, "STAT_ERR": error / _BEHIND_S}
        _write_counts(files[1], columns, cards | {"EXPOSURE": _BEHIND_S, "POISSERR": False, "BACKFILE": "NONE"})
    else:
        columns = {"CHANNEL": channel, "COUNTS": beside}
        _write_counts(files[1], columns, cards | {"EXPOSURE": _BEHIND_S, "POISSERR": True, "BACKFILE": "NONE"})
    response = rmf_hdus(
        _ENERGY, _EDGES, matrix, observation=Observation("POLAR", 1000.0, 1000.1), first_channel=0, with_area=True
    )
    fits.HDUList([fits.PrimaryHDU(), *response]).writeto(files[2], overwrite=True)
    return files if behind else [files[0], files[2]]


def _write_counts(path: Path, columns: dict[str, Any], cards: dict[str, Any]) -> None:
    made = [fits.Column(key, "D" if values.dtype.kind == "f" else "J", array=values) for key, values in columns.items()]
    hdu = fits.BinTableHDU.from_columns(made, name="SPECTRUM")
    hdu.header.update(cards)
    fits.HDUList([fits.PrimaryHDU(), hdu]).writeto(path, overwrite=True)


def _index(fit: Fit) -> tuple[float, bool]:
    row = fit.parameter("powerlaw.PhoIndex")
    inside = (row["lower"] is None or row["lower"] < 1.8) and (row["upper"] is None or row["upper"] > 1.8)
    return float(row["value"]), inside


@pytest.mark.parametrize(
    "trials", [6, pytest.param(80, marks=[pytest.mark.long, pytest.mark.timeout(1800)])], ids=["short", "long"]
)
@pytest.mark.parametrize(("source", "behind", "gaussian"), [(500, 1000, False), (500, 1000, True), (300, 0, False)])
def test_few_counts_have_no_bias_by_default(
    *, container: FitContainer, tmp_path: Path, bars: Bars, source: int, behind: int, gaussian: bool, trials: int
) -> None:
    rng = np.random.default_rng(11)
    found, held, names = [], 0, set()
    for _ in range(trials):
        fit = container.fit(_few_counts(tmp_path, rng, source, behind, gaussian=gaussian), model="powerlaw")
        index, inside = _index(fit)
        names.add(fit.report["statistic_name"])
        found.append(index)
        held += inside
    assert names == {"cstat" if not behind else "pgstat" if gaussian else "wstat"}
    mean, error = float(np.mean(found)), float(np.std(found) / np.sqrt(trials))
    what = f"{names.pop()}, {source} counts on {behind} in 150 channels, {trials} trials"
    reason = None if trials > 20 else "six trials: the long form decides"
    holds = abs(mean - 1.8) < 0.03 + 2 * error
    bars.record("B-55", f"{what}: index of 1.8", [mean, error], "1.8 +- 0.03 + 2 sigma", holds, reason=reason)
    share = held / trials
    width = 0.68 - 2.5 * np.sqrt(0.68 * 0.32 / trials), 0.68 + 2.5 * np.sqrt(0.68 * 0.32 / trials)
    limit = f"{width[0]:.2f} - {width[1]:.2f}"
    bars.record("B-56", f"{what}: share of 68 % intervals that hold it", share, limit, width[0] <= share <= width[1])


def test_chi2_of_few_counts_is_warned_of(container: FitContainer, tmp_path: Path) -> None:
    files = _few_counts(tmp_path, np.random.default_rng(12), 500, 1000)
    told = container.fit(files, model="powerlaw", statistic="chi2").outcome.product.warnings
    assert any("fewer than 25 counts is biased: use statistic auto" in text for text in told)
    told = container.fit(files, model="powerlaw").outcome.product.warnings
    assert not any("biased" in text for text in told)


@pytest.mark.parametrize(
    "trials", [4, pytest.param(60, marks=[pytest.mark.long, pytest.mark.timeout(1800)])], ids=["short", "long"]
)
def test_a_correction_file_widens_by_what_is_common(
    *, container: FitContainer, tmp_path: Path, bars: Bars, trials: int
) -> None:
    rng = np.random.default_rng(13)
    _, _, first, energy, edges, _ = INSTRUMENTS["ISGRI"]
    photons = cut_power_law(energy, 2.1, 1e9, 8.0)
    shape = 0.4 * (edges[:-1] / 20.0) ** -0.7  # counts/s: the background's spectrum, several times the noise
    pulls: dict[str, list[float]] = {"with": [], "without": []}
    amplitudes = []
    for _ in range(trials):
        files = write_spectrum(tmp_path / "c", "ISGRI", photons, rng)
        true = rng.normal()
        with fits.open(files[0]) as hdus:
            hdus[1].data["RATE"] += true * shape
            hdus.writeto(tmp_path / "plain.fits", overwrite=True)
            hdus[1].header.update(CORRFILE="corr.fits", CORRSCAL=0.0)
            hdus.writeto(tmp_path / "pha.fits", overwrite=True)
        columns = {"CHANNEL": np.arange(first, first + shape.size), "RATE": shape}
        cards = {"HDUCLAS1": "SPECTRUM", "HDUCLAS2": "CORR", "EXPOSURE": 2000.0, "POISSERR": False}
        _write_counts(tmp_path / "corr.fits", columns, cards | {"DETCHANS": shape.size})
        for name, given in (
            ("with", [tmp_path / "pha.fits", tmp_path / "corr.fits", files[1]]),
            ("without", [tmp_path / "plain.fits", files[1]]),
        ):
            fit = container.fit(given, model="powerlaw", isgri_range=[[20, 400]])
            row = fit.parameter("powerlaw.PhoIndex")
            error = row["error_upper"] if row["value"] < 2.1 else row["error_lower"]
            pulls[name].append((row["value"] - 2.1) / error)
            if name == "with":
                told = fit.report["spectra"][0]
                amplitudes.append((told["correction_value"] - true) / told["correction_error_upper"])
                assert fit.report["dof"] == 58
    wide = 4 / np.sqrt(2 * trials)
    for name, values in (("index", pulls["with"]), ("amplitude", amplitudes)):
        rms = float(np.sqrt(np.mean(np.square(values))))
        what = f"correction file, {trials} trials: rms pull of the {name}"
        bars.record("B-57", what, rms, f"1 +- {wide:.2f}", abs(rms - 1) < wide)
    rms = float(np.sqrt(np.mean(np.square(pulls["without"]))))
    bars.record("-", f"the same without it, {trials} trials: rms pull of the index", rms, "> 2", rms > 2)


def test_an_interval_that_stops_at_a_limit_says_so(container: FitContainer, tmp_path: Path, bars: Bars) -> None:
    photons = cut_power_law(INSTRUMENTS["ISGRI"][3], 1.6, 400.0, 0.3)
    files = write_spectrum(tmp_path, "ISGRI", photons, np.random.default_rng(14))
    wide = container.fit(files, model="cutoffpl", isgri_range=[[20, 400]], settings="HighECut = 200 [1, 1e5]")
    free = wide.parameter("cutoffpl.HighECut")
    assert free["stopped"] is None
    stopped = 0
    for share in (0.2, 0.6, 1.1):
        highest = free["value"] + share * free["error_upper"]
        settings = f"HighECut = 200 [1, {highest:.6f}]"
        fit = container.fit(files, model="cutoffpl", isgri_range=[[20, 400]], settings=settings)
        row = fit.parameter("cutoffpl.HighECut")
        assert row["lower"] == pytest.approx(free["lower"], rel=0.01)
        told = " ".join(fit.outcome.product.warnings)
        assert ("only because the parameter does" in told) == (row["stopped"] is not None) == (share < 1)
        if row["stopped"]:
            stopped += row["upper"] == pytest.approx(highest, rel=1e-6)
        table = fits.getdata(fit.out / "fit.fits", "PARAMETERS")
        assert [str(word) for word in table["STOPPED"]] == [row["stopped"] or "" for row in fit.report["parameters"]]
    bars.record(
        "B-58", "cut-off above the range: intervals that stop at the limit and say so", stopped, "2 of 2", stopped == 2
    )
    highest = round(0.8 * free["value"], 3)
    settings = f"HighECut = {highest / 2} [1, {highest}]"
    fit = container.fit(files, model="cutoffpl", isgri_range=[[20, 400]], settings=settings)
    row = fit.parameter("cutoffpl.HighECut")
    assert (row["value"], row["upper"], row["error_upper"]) == (highest, highest, 0.0)


@pytest.mark.parametrize("level", [68.27, 90.0, 95.45, 99.0])
def test_the_level_that_is_asked_for(container: FitContainer, tmp_path: Path, bars: Bars, level: float) -> None:
    photons = cut_power_law(INSTRUMENTS["ISGRI"][3], 2.1, 1e9, 8.0)
    files = write_spectrum(tmp_path, "ISGRI", photons, np.random.default_rng(15))
    fit = container.fit(files, model="powerlaw", isgri_range=[[20, 400]], confidence=level)
    row, found = fit.parameter("powerlaw.PhoIndex"), fit.report["statistic"]
    # The end of the interval, held there: the statistic has risen by the quantile of chi2 of one parameter.
    held = f"PhoIndex = {row['upper']:.8f} frozen"
    rise = container.fit(files, model="powerlaw", isgri_range=[[20, 400]], settings=held).report["statistic"] - found
    expected = {68.27: 1.0, 90.0: 2.706, 95.45: 4.0, 99.0: 6.635}[level]
    bars.record(
        "B-59",
        f"rise of chi2 at the end of a {level:g} % interval",
        rise,
        f"{expected} +- 2 %",
        abs(rise / expected - 1) < 0.02,
    )
