"""Spectra and responses: our own files, real official ones, and everything that can be wrong with them."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from mesh.kit import BadInput
from mesh.kit.ogip.observation import Observation
from mesh.kit.ogip.response import arf_hdu, rmf_hdus
from mesh.kit.ogip.spectrum import correction_hdu, spectrum_hdu
from services.spectral_fit.analysis.spectrum import Spectrum, spectra_in

CHANNELS = np.geomspace(20.0, 200.0, 13)
ENERGIES = np.geomspace(15.0, 300.0, 41)
MATRIX = np.abs(np.random.default_rng(3).normal(size=(40, 12))) * (np.arange(12) <= np.arange(40)[:, None] / 3)


def _write(path: Path, *hdus: fits.BinTableHDU) -> Path:
    fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path, overwrite=True)
    return path


def _observation(source: str = "Crab") -> Observation:
    return Observation("IBIS", 1000.0, 1000.1, source, 83.6, 22.0, detector="ISGRI")


def _response(folder: Path, name: str = "rmf.fits", joined: int = 1) -> list[Path]:
    whole = MATRIX.reshape(40, -1, joined).sum(axis=2)
    matrix = rmf_hdus(ENERGIES, CHANNELS[::joined], whole / 100, observation=_observation(), first_channel=0)
    area = arf_hdu(ENERGIES, np.full(40, 100.0), observation=_observation())
    return [_write(folder / name, *matrix), _write(folder / "arf.fits", area)]


def _spectrum(
    folder: Path, source: str = "Crab", name: str = "pha.fits", channels: int = 12, **changes: object
) -> Path:
    rate = np.linspace(3.0, 1.0, channels)
    hdu = spectrum_hdu(
        rate,
        np.full(channels, 0.1),
        exposure_s=1000.0,
        observation=_observation(source),
        first_channel=0,
        response="rmf.fits",
        area="arf.fits",
        name="ISGR-EVTS-SPE",
    )
    for key, value in changes.items():
        if key in hdu.columns.names:
            hdu.data[key] = value
        else:
            hdu.header[key] = value
    return _write(folder / name, hdu)


def _only(spectra: list[Spectrum]) -> Spectrum:
    assert len(spectra) == 1
    return spectra[0]


def test_our_own_files_are_read_back(tmp_path: Path) -> None:
    found = _only(spectra_in([_spectrum(tmp_path), *_response(tmp_path)], "crab"))
    assert (found.source, found.instrument) == ("Crab", "ISGRI")
    np.testing.assert_allclose(found.counts.rate, np.linspace(3.0, 1.0, 12), rtol=1e-6)
    np.testing.assert_allclose(found.response.matrix, MATRIX, rtol=1e-5, atol=1e-9)
    np.testing.assert_allclose(found.response.energy_kev, ENERGIES, rtol=1e-6)
    assert not found.counts.poisson


def test_the_source_is_chosen_by_name(tmp_path: Path) -> None:
    files = [_spectrum(tmp_path, "Crab", "a.fits"), _spectrum(tmp_path, "Cyg X-1", "b.fits"), *_response(tmp_path)]
    assert _only(spectra_in(files, "CygX-1")).file == "b.fits"
    for source, word in (("", "SeveralSources"), ("Vela X-1", "NoSuchSource")):
        with pytest.raises(BadInput, match=r"spectra of: Crab, Cyg X-1") as caught:
            spectra_in(files, source)
        assert caught.value.reason == word


def test_the_same_counts_in_coarse_channels_are_not_taken_too(tmp_path: Path) -> None:
    files = [_spectrum(tmp_path), *_response(tmp_path), *_response(tmp_path, "rmf_4.fits", joined=3)]
    coarse = _spectrum(tmp_path, name="pha_4.fits", channels=4, RESPFILE="rmf_4.fits")
    assert _only(spectra_in([*files, coarse], "Crab")).file == "pha.fits"
    assert _only(spectra_in([*files[1:], coarse], "Crab")).file == "pha_4.fits"
    # Another live time: other counts.
    later = _spectrum(tmp_path, name="later_4.fits", channels=4, RESPFILE="rmf_4.fits", EXPOSURE=500.0)
    assert [one.file for one in spectra_in([*files, later], "Crab")] == ["later_4.fits", "pha.fits"]


def test_a_response_of_another_suffix_is_known_by_its_class(tmp_path: Path) -> None:
    spectrum = _spectrum(tmp_path, name="polar.pha", RESPFILE="polar.rsp")
    matrix, area = _response(tmp_path, "polar.rsp")
    assert _only(spectra_in([spectrum, matrix, area], "")).response.matrix.shape == (40, 12)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"EXPOSURE": 0.0}, "NoExposure"),
        ({"channels": 10}, "ResponseMismatch"),
    ],
)
def test_wrong_spectra_are_refused(tmp_path: Path, changes: dict[str, object], word: str) -> None:
    with pytest.raises(BadInput) as caught:
        spectra_in([_spectrum(tmp_path, **changes), *_response(tmp_path)], "")  # type: ignore[arg-type]
    assert caught.value.reason == word


def test_files_that_do_not_belong_together_are_refused(tmp_path: Path) -> None:
    matrix, area = _response(tmp_path)
    spectrum = _spectrum(tmp_path)
    text = tmp_path / "readme.txt"
    text.write_text("no spectrum", encoding="utf-8")
    broken = tmp_path / "broken.fits"
    broken.write_bytes(spectrum.read_bytes()[:4000])
    _write(area, arf_hdu(ENERGIES * 1.1, np.full(40, 100.0), observation=_observation()))
    for files, word in (
        ([spectrum, matrix, area], "ResponseMismatch"),
        ([spectrum, area], "NoResponse"),
        ([matrix, area, text], "NoSpectrum"),
        ([broken, matrix], "UnreadableFile"),
    ):
        with pytest.raises(BadInput) as caught:
            spectra_in(files, "")
        assert caught.value.reason == word


def test_flagged_and_not_finite_channels_are_not_good(tmp_path: Path) -> None:
    quality = np.array([3, *[0] * 11])
    rate = np.array([1.0, np.nan, *[1.0] * 10])
    error = np.array([0.1, 0.1, 0.0, *[0.1] * 9])
    spectrum = _spectrum(tmp_path, QUALITY=quality, RATE=rate, STAT_ERR=error)
    good = _only(spectra_in([spectrum, *_response(tmp_path)], "")).counts.usable
    np.testing.assert_array_equal(good, [False] * 3 + [True] * 9)


def test_counts_of_photons_keep_their_nature_and_their_background(tmp_path: Path) -> None:
    def counted(name: str, counts: float, **cards: object) -> Path:
        columns = [
            fits.Column("CHANNEL", "I", array=np.arange(12)),
            fits.Column("COUNTS", "J", array=np.full(12, counts)),
        ]
        hdu = fits.BinTableHDU.from_columns(columns, name="SPECTRUM")
        hdu.header.update(HDUCLAS1="SPECTRUM", EXPOSURE=100.0, POISSERR=True, RESPFILE="rmf.fits", **cards)
        return _write(tmp_path / name, hdu)

    source = counted("pha.fits", 25, BACKFILE="bkg.fits", OBJECT="GRB")
    behind = counted("bkg.fits", 9, HDUCLAS2="BKG", BACKSCAL=2.0)
    found = _only(spectra_in([source, behind, *_response(tmp_path)], "GRB"))
    assert found.counts.poisson
    np.testing.assert_allclose(found.counts.error, 0.05)
    assert found.background is not None
    assert (found.background.rate[0], found.background.back_scale[0]) == (0.09, 2.0)


@pytest.mark.parametrize("content", ["NET", "TOTAL"])
def test_our_correction_files_are_no_backgrounds(tmp_path: Path, content: str) -> None:
    shape = np.linspace(-0.1, 0.2, 12)
    correction = correction_hdu(shape, exposure_s=1000.0, observation=_observation(), first_channel=0)
    files = [_write(tmp_path / "correction.fits", correction), *_response(tmp_path)]
    source = _spectrum(tmp_path, CORRFILE="correction.fits", HDUCLAS2=content)
    for given in (False, True):
        found = _only(spectra_in([source, *files], "", given=given))
        assert found.correction is not None
        np.testing.assert_allclose(found.correction, shape, atol=1e-7)
        assert found.background is None
        assert found.remarks == ()


def test_official_files_of_both_instruments(shared_data: Path) -> None:
    osa = shared_data / "osa-spectra-lightcurves"
    names = ("spectrum_GRB221009A.fits", "rmf_GRB221009A.fits.gz", "arf_GRB221009A.fits")
    isgri = _only(spectra_in([osa / f"IBIS_{name}" for name in names], "GRB221009A"))
    assert isgri.response.matrix.shape == (2466, 256)
    assert not isgri.counts.good[:19].any()
    assert np.isfinite(isgri.counts.rate).all()
    kinds = ("spec_Crab_pha", "rmf_Crab", "arf_Crab")
    jemx = _only(spectra_in([shared_data / "jemx" / f"jmx1_{kind}_066500230010.fits.gz" for kind in kinds], ""))
    # The folded Crab of this response is 121.9 counts/s.
    energy = jemx.response.energy_kev
    photons = 9.7 * -np.diff(energy**-1.1) / 1.1
    assert (photons @ jemx.response.matrix).sum() == pytest.approx(121.9, rel=0.01)
