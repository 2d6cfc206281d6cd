"""Spectra as other people write them: each is read by the standard, or refused by the name of what is in the way."""

from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from astropy.io import fits

from mesh.kit import BadInput
from services.spectral_fit.analysis.spectrum import Spectrum, spectra_in
from tests.unit.spectral_fit.written import (
    AREA,
    CHANNELS,
    EDGES,
    ENERGIES,
    MATRIX,
    RATE,
    counted,
    response,
    spectrum,
    table,
    write,
)


def _read(*files: Path, **choice: Any) -> list[Spectrum]:
    return spectra_in(files, "", given=True, **choice)


def _only(*files: Path, **choice: Any) -> Spectrum:
    found = _read(*files, **choice)
    assert len(found) == 1
    return found[0]


def _refused(*files: Path) -> BadInput:
    with pytest.raises(BadInput) as caught:
        _read(*files)
    return caught.value


def _same(found: Spectrum) -> None:
    """Assert that a spectrum is the one that every file here holds."""
    np.testing.assert_allclose(found.counts.rate, RATE, rtol=1e-6)
    np.testing.assert_allclose(found.counts.error, 0.1, rtol=1e-6)
    np.testing.assert_allclose(found.response.matrix, MATRIX * AREA[:, None], rtol=1e-6)
    np.testing.assert_allclose(found.response.energy_kev, ENERGIES, rtol=1e-6)
    np.testing.assert_allclose(found.response.channel_kev, [EDGES[:-1], EDGES[1:]], rtol=1e-6)
    assert found.counts.usable.all()


def test_the_plain_file(tmp_path: Path) -> None:
    found = _only(spectrum(tmp_path / "a.pha"), *response(tmp_path))
    _same(found)
    assert found.remarks == ()


def test_rows_are_matched_by_their_channel(tmp_path: Path) -> None:
    order = np.random.default_rng(1).permutation(CHANNELS)
    for rows in (np.arange(CHANNELS)[::-1], order):
        shuffled = {"CHANNEL": rows + 1, "RATE": RATE[rows]}
        _same(_only(spectrum(tmp_path / "a.pha", shuffled), *response(tmp_path)))


@pytest.mark.parametrize("missing", [[0], [4, 5], [CHANNELS - 1]])
def test_channels_that_are_not_there_are_not_good(tmp_path: Path, missing: list[int]) -> None:
    there = np.setdiff1d(np.arange(CHANNELS), missing)
    columns = {"CHANNEL": there + 1, "RATE": RATE[there], "STAT_ERR": np.full(there.size, 0.1)}
    found = _only(spectrum(tmp_path / "a.pha", columns), *response(tmp_path)).counts
    np.testing.assert_allclose(found.rate[there], RATE[there])
    np.testing.assert_array_equal(np.flatnonzero(~found.usable), missing)


def test_channels_count_from_the_first_of_their_own_file(tmp_path: Path) -> None:
    for spectrum_first, response_first in ((0, 1), (1, 0), (0, 0), (5, 1)):
        path = spectrum(tmp_path / "a.pha", {"CHANNEL": np.arange(CHANNELS) + spectrum_first})
        _same(_only(path, *response(tmp_path, first=response_first)))
    gap = {"CHANNEL": np.arange(1, CHANNELS), "RATE": RATE[1:], "STAT_ERR": np.full(CHANNELS - 1, 0.1)}
    found = _only(spectrum(tmp_path / "a.pha", gap, TLMIN1=0), *response(tmp_path, first=1)).counts
    np.testing.assert_allclose(found.rate, [0.0, *RATE[1:]])


@pytest.mark.parametrize(
    ("columns", "cards", "text"),
    [
        ({"CHANNEL": [1, *range(1, CHANNELS)]}, {}, "numbers twice"),
        ({"CHANNEL": np.arange(CHANNELS), "RATE": RATE}, {"DETCHANS": 64, "TLMIN1": 0}, ""),
    ],
)
def test_channels_that_cannot_be_matched(
    tmp_path: Path, columns: dict[str, Any], cards: dict[str, Any], text: str
) -> None:
    files = (spectrum(tmp_path / "a.pha", columns, **cards), *response(tmp_path))
    if text:
        assert text in _refused(*files).text
    else:
        _same(_only(*files))  # DETCHANS is wrong, the channels are all there
    few = {"CHANNEL": np.arange(8), "RATE": RATE[:8], "STAT_ERR": np.full(8, 0.1)}
    assert _refused(spectrum(tmp_path / "b.pha", few, DETCHANS=8), files[1], files[2]).reason == "ResponseMismatch"
    beyond = {"CHANNEL": np.arange(8) + 7, "RATE": RATE[:8], "STAT_ERR": np.full(8, 0.1)}
    assert "channels 7 to 14" in _refused(spectrum(tmp_path / "b.pha", beyond), files[1], files[2]).text


def test_the_area_scale_in_both_forms(tmp_path: Path) -> None:
    scale = np.linspace(0.2, 1.5, CHANNELS)
    for columns, cards in (({"AREASCAL": scale}, {}), ({}, {"AREASCAL": 0.25}), ({}, {"AREASCAL": "0.25"})):
        found = _only(spectrum(tmp_path / "a.pha", columns, **cards), *response(tmp_path)).counts
        np.testing.assert_allclose(found.area_scale, scale if columns else 0.25)
        np.testing.assert_allclose(found.rate, RATE)  # the model is scaled, not the data
    scale[3] = 0.0
    found = _only(spectrum(tmp_path / "a.pha", {"AREASCAL": scale}), *response(tmp_path)).counts
    np.testing.assert_array_equal(np.flatnonzero(~found.usable), [3])


@pytest.mark.parametrize("behind", ["b.bak", "b.bkg", "background.dat", "b.pi.gz", "no-ending"])
def test_a_background_may_have_any_name(tmp_path: Path, behind: str) -> None:
    source = counted(tmp_path / "a.pha", np.arange(CHANNELS) + 30, BACKFILE=behind, BACKSCAL=1.0)
    cards: dict[str, Any]
    for cards in ({"HDUCLAS2": "BKG"}, {"HDUCLAS2": "TOTAL"}):
        other = counted(tmp_path / behind, np.arange(CHANNELS) + 5, BACKSCAL=10.0, RESPFILE="NONE", **cards)
        found = _only(source, other, *response(tmp_path))
        assert found.file == "a.pha"
        assert found.background is not None
        np.testing.assert_allclose(found.background.rate * 1000.0, np.arange(CHANNELS) + 5)
        np.testing.assert_allclose(found.background.back_scale, 10.0)
        assert found.remarks == ()


def test_the_background_scale_in_both_forms(tmp_path: Path) -> None:
    scale = np.linspace(1.0, 2.0, CHANNELS)
    source = counted(tmp_path / "a.pha", np.full(CHANNELS, 30), BACKFILE="b.pha")
    content = {"COUNTS": np.full(CHANNELS, 5), "BACKSCAL": scale}
    behind = spectrum(tmp_path / "b.pha", content, without=("RATE", "STAT_ERR"), POISSERR=True)
    found = _only(source, behind, *response(tmp_path)).background
    assert found is not None
    np.testing.assert_allclose(found.back_scale, scale)
    zero = counted(tmp_path / "b.pha", np.full(CHANNELS, 5), BACKSCAL=0.0)
    assert _refused(source, zero, *response(tmp_path)).reason == "NoScale"


@pytest.mark.parametrize(
    ("card", "word"),
    [("BACKFILE", "NoBackground"), ("ANCRFILE", "NoArea"), ("RESPFILE", "NoResponse"), ("CORRFILE", "NoCorrection")],
)
def test_a_file_that_is_named_must_be_there(tmp_path: Path, card: str, word: str) -> None:
    matrix, area = response(tmp_path)
    lacking = {"ANCRFILE": [matrix], "RESPFILE": [area]}.get(card, [matrix, area])
    cards: dict[str, Any] = {"CORRSCAL": 1.0, card: "elsewhere/x.fits"}
    refused = _refused(spectrum(tmp_path / "a.pha", **cards), *lacking)
    assert refused.reason == word
    assert "x.fits" in refused.text


def test_a_background_that_is_not_at_hand_can_be_left_out(tmp_path: Path) -> None:
    found = _only(spectrum(tmp_path / "a.pha", BACKFILE="b.pha"), *response(tmp_path), backgrounds=False)
    assert found.background is None
    assert "b.pha is not applied" in found.remarks[0]


def test_files_given_one_by_one_belong_together_and_it_is_said(tmp_path: Path) -> None:
    matrix, area = response(tmp_path)
    renamed = area.rename(tmp_path / "mine.arf")
    found = _only(spectrum(tmp_path / "a.pha"), matrix, renamed)
    _same(found)
    assert found.remarks == ("a.pha names t.arf (ANCRFILE), which is not there: mine.arf is used",)


def test_what_has_no_use_is_named(tmp_path: Path) -> None:
    notes = tmp_path / "notes.txt"
    notes.write_text("read me", encoding="utf-8")
    other = spectrum(tmp_path / "other.pha", HDUCLAS2="BKG", RESPFILE="NONE")
    path = spectrum(tmp_path / "a.pha", BACKFILE="b.pha")
    behind = spectrum(tmp_path / "b.pha", HDUCLAS2="BKG")
    found = _only(path, behind, *response(tmp_path), notes, other)
    assert "notes.txt, other.pha: given, but" in " ".join(found.remarks)


def test_a_net_spectrum_with_a_background_file_is_told(tmp_path: Path) -> None:
    found = _only(
        spectrum(tmp_path / "a.pha", BACKFILE="b.pha"),
        spectrum(tmp_path / "b.pha", HDUCLAS2="BKG"),
        *response(tmp_path),
    )
    assert "HDUCLAS2 NET" in found.remarks[0]


@pytest.mark.parametrize(
    ("energy", "area", "units"),
    [
        (1.0, 1.0, ("keV", "cm2")),
        (1.0, 1.0, ("KEV", "CM**2")),
        (1.0, 1.0, ("", "")),
        (1e3, 1.0, ("eV", "cm^2")),
        (1e-3, 1e-4, ("MeV", "m**2")),
        (1e-6, 1e2, ("GeV", "mm**2")),
        (1.602176634e-16, 1e-4, ("J", "m2")),
    ],
)
def test_energies_and_areas_in_any_unit(tmp_path: Path, energy: float, area: float, units: tuple[str, str]) -> None:
    _same(_only(spectrum(tmp_path / "a.pha"), *response(tmp_path, energy=energy, area=area, units=units)))


@pytest.mark.parametrize(
    ("unit", "factor"),
    [
        ("count/s", 1.0),
        ("counts/sec", 1.0),
        ("COUNTS/S", 1.0),
        ("cts s**-1", 1.0),
        ("ct/s", 1.0),
        ("cps", 1.0),
        ("count/ks", 1e3),
        ("counts/min", 60.0),
    ],
)
def test_rates_in_any_unit(tmp_path: Path, unit: str, factor: float) -> None:
    columns = {"RATE": RATE * factor, "STAT_ERR": np.full(CHANNELS, 0.1 * factor)}
    path = spectrum(tmp_path / "a.pha", columns, units={"RATE": unit, "STAT_ERR": unit})
    _same(_only(path, *response(tmp_path)))


@pytest.mark.parametrize(
    ("units", "column"),
    [
        ({"RATE": "count/s/keV"}, "RATE"),
        ({"RATE": "count/cm**2/s"}, "RATE"),
        ({"STAT_ERR": "count"}, "STAT_ERR"),
        ({"RATE": "furlongs"}, "RATE"),
    ],
)
def test_units_of_another_kind_are_refused_by_name(tmp_path: Path, units: dict[str, str], column: str) -> None:
    refused = _refused(spectrum(tmp_path / "a.pha", units=units), *response(tmp_path))
    assert refused.reason == "UnknownUnit"
    assert f"column {column} has the unit {units[column]!r}" in refused.text


def test_systematic_errors_may_be_in_per_cent(tmp_path: Path) -> None:
    path = spectrum(tmp_path / "a.pha", {"SYS_ERR": np.full(CHANNELS, 3.0)}, units={"SYS_ERR": "%"})
    np.testing.assert_allclose(_only(path, *response(tmp_path)).counts.systematic, 0.03)


def _lower_case(path: Path) -> Path:
    with fits.open(path) as hdus:
        changed = []
        for hdu in hdus[1:]:
            columns = [
                fits.Column(column.name.lower(), column.format, unit=column.unit, array=hdu.data[column.name])
                for column in hdu.columns
            ]
            made = fits.BinTableHDU.from_columns(columns)
            made.header["EXTNAME"] = hdu.name.lower()
            for key in ("HDUCLAS1", "HDUCLAS2", "HDUCLAS3"):
                if key in hdu.header:
                    made.header[key] = str(hdu.header[key]).lower()
            for key in ("EXPOSURE", "POISSERR", "DETCHANS", "RESPFILE", "ANCRFILE", "OBJECT", "TLMIN4"):
                if key in hdu.header:
                    made.header[key] = hdu.header[key]
            changed.append(made)
    return write(path, *changed)


def _without_classes(path: Path) -> Path:
    with fits.open(path) as hdus:
        for hdu in hdus:
            for key in ("HDUCLASS", "HDUCLAS1", "HDUCLAS2", "HDUCLAS3"):
                hdu.header.remove(key, ignore_missing=True)
        hdus.writeto(path, overwrite=True)
    return path


def _without_names(path: Path) -> Path:
    with fits.open(_without_classes(path)) as hdus:
        for number, hdu in enumerate(hdus[1:]):
            hdu.header["EXTNAME"] = f"TABLE{number}"
        hdus.writeto(path, overwrite=True)
    return path


@pytest.mark.parametrize("change", [_lower_case, _without_classes, _without_names])
def test_extensions_are_known_by_class_name_or_columns(tmp_path: Path, change: Callable[[Path], Path]) -> None:
    files = [change(path) for path in (spectrum(tmp_path / "a.pha"), *response(tmp_path))]
    _same(_only(*files))


def test_a_first_channel_that_is_not_said_or_wrong(tmp_path: Path) -> None:
    forms: list[tuple[int, dict[str, Any]]] = [(0, {"TLMIN4": 1}), (0, {}), (1, {})]
    for first, cards in forms:
        matrix, area = response(tmp_path, first=first, **cards)
        if not cards:
            with fits.open(matrix) as hdus:
                hdus[1].header.remove("TLMIN4")
                hdus.writeto(matrix, overwrite=True)
        _same(_only(spectrum(tmp_path / "a.pha", {"CHANNEL": np.arange(CHANNELS) + first}), matrix, area))


def test_a_matrix_that_leaves_the_channels_is_refused(tmp_path: Path) -> None:
    matrix, area = response(tmp_path)
    with fits.open(matrix) as hdus:
        hdus[1].data["N_CHAN"][7] = CHANNELS + 1
        hdus.writeto(matrix, overwrite=True)
    assert "which leaves the 12 channels" in _refused(spectrum(tmp_path / "a.pha"), matrix, area).text


def test_energies_may_descend(tmp_path: Path) -> None:
    matrix, area = response(tmp_path)
    for path, extension in ((matrix, 1), (matrix, 2), (area, 1)):
        with fits.open(path) as hdus:
            hdus[extension].data = hdus[extension].data[::-1].copy()
            hdus.writeto(path, overwrite=True)
    _same(_only(spectrum(tmp_path / "a.pha"), matrix, area))


def test_a_file_with_several_matrices_needs_a_name(tmp_path: Path) -> None:
    matrix, area = response(tmp_path)
    with fits.open(matrix) as hdus:
        second = hdus[1].copy()
        second.data["MATRIX"] = MATRIX[:, ::-1]
        write(tmp_path / "many.rsp2", hdus[1], hdus[2], second, hdus[2].copy())
    for named, expected in (("many.rsp2{2}", MATRIX[:, ::-1]), ("./many.rsp2{1}", MATRIX)):
        found = _only(spectrum(tmp_path / "a.pha", RESPFILE=named), tmp_path / "many.rsp2", area)
        np.testing.assert_allclose(found.response.matrix, expected * AREA[:, None])
    refused = _refused(spectrum(tmp_path / "a.pha", RESPFILE="many.rsp2"), tmp_path / "many.rsp2", area)
    assert refused.reason == "SeveralMatrices"


def test_an_area_beside_a_complete_matrix_is_not_applied_unasked(tmp_path: Path) -> None:
    matrix, area = response(tmp_path, matrix=MATRIX * AREA[:, None], HDUCLAS3="FULL")
    found = _only(spectrum(tmp_path / "a.pha", ANCRFILE="NONE"), matrix, area)
    np.testing.assert_allclose(found.response.matrix, MATRIX * AREA[:, None])
    assert "t.arf: given, but" in found.remarks[0]
    twice = _only(spectrum(tmp_path / "a.pha"), matrix, area)
    np.testing.assert_allclose(twice.response.matrix, MATRIX * AREA[:, None] ** 2)


def test_a_matrix_without_any_area_is_told(tmp_path: Path) -> None:
    matrix, _ = response(tmp_path)
    found = _only(spectrum(tmp_path / "a.pha", ANCRFILE="NONE"), matrix)
    assert "without an effective area" in found.remarks[0]


def test_an_area_factor_of_the_matrix_is_refused_by_name(tmp_path: Path) -> None:
    refused = _refused(spectrum(tmp_path / "a.pha"), *response(tmp_path, EFFAREA=0.5))
    assert refused.reason == "NotSupported"
    assert "EFFAREA 0.5" in refused.text


def test_counts_of_photons_and_what_says_so(tmp_path: Path) -> None:
    files = response(tmp_path)
    counts = {"COUNTS": np.arange(CHANNELS) + 3}
    for without, cards, poisson in (
        (("RATE", "STAT_ERR"), {"POISSERR": True}, True),
        (("RATE",), {"POISSERR": "T"}, True),
        (("RATE", "STAT_ERR", "POISSERR"), {}, True),
        (("RATE", "POISSERR"), {}, False),
        (("RATE",), {"POISSERR": False}, False),
    ):
        found = _only(spectrum(tmp_path / "a.pha", counts, without=without, **cards), *files).counts
        assert found.poisson is poisson
        expected = np.sqrt(counts["COUNTS"]) / 1000.0 if poisson else 0.1 / 1000.0
        np.testing.assert_allclose(found.error, expected)


def test_rates_without_errors_are_refused(tmp_path: Path) -> None:
    change: dict[str, Any]
    for change in ({"without": ("STAT_ERR",)}, {"columns": {"STAT_ERR": np.zeros(CHANNELS)}}):
        refused = _refused(spectrum(tmp_path / "a.pha", **change), *response(tmp_path))
        assert refused.reason == "NoErrors"


@pytest.mark.parametrize("exposure", [0.0, -1.0, "long", None])
def test_an_exposure_that_is_none(tmp_path: Path, exposure: Any) -> None:
    without = ("EXPOSURE",) if exposure is None else ()
    cards = {} if exposure is None else {"EXPOSURE": exposure}
    refused = _refused(spectrum(tmp_path / "a.pha", without=without, **cards), *response(tmp_path))
    assert "EXPOSURE" in refused.text
    _same(_only(spectrum(tmp_path / "b.pha", EXPOSURE="1000.0"), *response(tmp_path)))


def test_groups_stay_what_they_are_in_any_order(tmp_path: Path) -> None:
    grouping = np.array([1, -1, -1, 1, -1, 1, 1, -1, -1, -1, 1, -1])
    upwards = _only(spectrum(tmp_path / "a.pha", {"GROUPING": grouping}), *response(tmp_path)).counts.group
    down = {"CHANNEL": np.arange(CHANNELS, 0, -1), "RATE": RATE[::-1], "GROUPING": np.array([1, -1] * 6)}
    downwards = _only(spectrum(tmp_path / "a.pha", down), *response(tmp_path)).counts.group
    np.testing.assert_array_equal(np.flatnonzero(np.diff(upwards)) + 1, [3, 5, 6, 10])
    np.testing.assert_array_equal(np.flatnonzero(np.diff(downwards)) + 1, [2, 4, 6, 8, 10])


def _type_two(path: Path, **cards: Any) -> Path:
    rows = np.array([1.0, 2.0, 3.0])
    columns = {
        "SPEC_NUM": np.array([1, 2, 3]),
        "CHANNEL": np.tile(np.arange(1, CHANNELS + 1), (3, 1)),
        "RATE": rows[:, None] * RATE,
        "STAT_ERR": np.full((3, CHANNELS), 0.1),
        "EXPOSURE": 1000.0 * rows,
        "AREASCAL": rows,
        "RESPFILE": np.array(["t.rmf"] * 3),
    }
    return spectrum(path, columns, without=("EXPOSURE", "RESPFILE"), HDUCLAS4="TYPE:II", **cards)


def test_many_spectra_in_one_file(tmp_path: Path) -> None:
    path, files = _type_two(tmp_path / "many.pha"), response(tmp_path)
    found = _read(path, *files)
    assert [one.file for one in found] == ["many.pha{1}", "many.pha{2}", "many.pha{3}"]
    for factor, one in enumerate(found, 1):
        np.testing.assert_allclose(one.counts.rate, factor * RATE)
        assert one.counts.exposure_s == 1000.0 * factor
        np.testing.assert_allclose(one.counts.area_scale, factor)
    second = _only(path, *files, row=2)
    assert (second.file, second.counts.exposure_s) == ("many.pha{2}", 2000.0)
    with pytest.raises(BadInput, match="has 3 spectra"):
        _read(path, *files, row=4)


def test_a_row_of_many_backgrounds_is_named(tmp_path: Path) -> None:
    behind = _type_two(tmp_path / "b.pha", HDUCLAS2="BKG")
    found = _only(spectrum(tmp_path / "a.pha", BACKFILE="b.pha{2}"), behind, *response(tmp_path)).background
    assert found is not None
    np.testing.assert_allclose(found.rate, 2 * RATE)
    refused = _refused(spectrum(tmp_path / "a.pha", BACKFILE="b.pha"), behind, *response(tmp_path))
    assert "holds 3 spectra; none of them is named" in refused.text


def test_several_spectra_in_extensions_of_one_file_are_refused(tmp_path: Path) -> None:
    with fits.open(spectrum(tmp_path / "a.pha")) as hdus:
        write(tmp_path / "two.pha", hdus[1], hdus[1].copy())
    assert _refused(tmp_path / "two.pha", *response(tmp_path)).reason == "NotSupported"


def test_a_correction_of_no_scale_is_for_the_fit_and_of_a_scale_is_subtracted(tmp_path: Path) -> None:
    files = response(tmp_path)
    columns = {"CHANNEL": np.arange(1, CHANNELS + 1), "RATE": np.linspace(0.1, 0.3, CHANNELS)}
    shape = write(
        tmp_path / "c.fits",
        table(columns, "SPECTRUM", HDUCLAS1="SPECTRUM", EXPOSURE=1000.0, POISSERR=False, DETCHANS=CHANNELS),
    )
    free = _only(spectrum(tmp_path / "a.pha", CORRFILE="c.fits", CORRSCAL=0.0), shape, *files)
    assert free.correction is not None
    np.testing.assert_allclose(free.correction, columns["RATE"])
    np.testing.assert_allclose(free.counts.rate, RATE)
    taken = _only(spectrum(tmp_path / "a.pha", CORRFILE="c.fits", CORRSCAL=2.0), shape, *files)
    assert taken.correction is None
    np.testing.assert_allclose(taken.counts.rate, RATE - 2.0 * columns["RATE"])
    photons = counted(tmp_path / "p.pha", np.full(CHANNELS, 9), CORRFILE="c.fits", CORRSCAL=2.0)
    assert _refused(photons, shape, *files).reason == "NotSupported"


def test_names_that_differ_only_in_case(tmp_path: Path) -> None:
    files = [
        spectrum(tmp_path / "a.pha", OBJECT="GX 1+4"),
        spectrum(tmp_path / "b.pha", OBJECT="gx 1+4"),
        *response(tmp_path),
    ]
    assert [one.file for one in spectra_in(files, "gx 1+4")] == ["b.pha"]
    with pytest.raises(BadInput, match="may be each of GX 1"):
        spectra_in(files, "Gx 1+4")


@pytest.mark.parametrize(
    ("name", "word"),
    [
        ("exposure_zero", "NoExposure"),
        ("nostaterr", "NoErrors"),
        ("over", "UnreadableFile"),
        ("src_BKG", "NoBackground"),
        ("staterr_zero", "NoErrors"),
    ],
)
def test_files_after_public_reports_that_say_too_little(shared_data: Path, name: str, word: str) -> None:
    folder = shared_data / "field" / "ogip"
    matrix = folder / f"{name}.rmf"
    refused = _refused(folder / f"{name}.pha", matrix if matrix.exists() else folder / "t.rmf", folder / "t.arf")
    assert refused.reason == word


def test_a_background_after_a_public_report(shared_data: Path) -> None:
    folder = shared_data / "field" / "ogip"
    for kind in ("BKG", "TOTAL"):
        files = [folder / name for name in (f"src_{kind}.pi", f"bkg_{kind}.pi", "t.rmf", "t.arf")]
        found = _only(*files)
        assert found.background is not None
        photons = 10.0 * -np.diff(1.0 / found.response.energy_kev)
        net = found.counts.rate - found.background.rate / 10.0
        variance = found.counts.error**2 + (found.background.error / 10.0) ** 2
        pulls = (net - photons @ found.response.matrix) / np.sqrt(np.maximum(variance, 1e-12))
        assert 0.5 < np.mean(pulls**2) < 1.6


@pytest.mark.parametrize(
    "name",
    [
        "areascal_column",
        "areascal_keyword",
        "base",
        "counts_poiserr_misspelt",
        "counts_poisson",
        "descending",
        "ebfirst",
        "ev",
        "first0",
        "long_name",
        "m2",
        "nan_rate",
        "nohdu",
        "nohduclas",
        "qvla",
        "quality2",
        "syserr_keyword",
        "tlmin_missing0",
        "vla",
    ],
)
def test_files_after_public_reports(shared_data: Path, name: str) -> None:
    """Each folds the power law that it was made of: 10 E^-2, in its own units and forms."""
    folder = shared_data / "field" / "ogip"
    files = [folder / f"{name}.pha"]
    for ending in ("rmf", "arf"):
        own = folder / f"{name}.{ending}"
        files.append(own if own.exists() else folder / f"t.{ending}")
    found = _only(*files)
    photons = 10.0 * -np.diff(1.0 / found.response.energy_kev)
    expected = (photons @ found.response.matrix) * found.counts.area_scale
    good = found.counts.usable
    pulls = ((found.counts.rate - expected) / np.maximum(found.counts.error, 1e-12))[good]
    assert good.sum() > 40
    assert 0.5 < np.mean(pulls**2) < 1.6
