"""OGIP files hold what the standards ask for, in the numbers that were given."""

from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from mesh.kit import Unit
from mesh.kit.ogip.events import events_hdu
from mesh.kit.ogip.good_times import gti_hdu
from mesh.kit.ogip.light_curve import LightCurve, osa_light_curve_hdu, rate_hdu
from mesh.kit.ogip.observation import Observation
from mesh.kit.ogip.response import arf_hdu, rmf_hdus
from mesh.kit.ogip.spectrum import spectrum_hdu
from mesh.kit.provenance import write_fits

from .conftest import MakeUnit

SEEN = Observation("IBIS", 6876.5, 6876.6, "1E 1740.7−2942", 265.98, -29.745, detector="ISGRI")


def _written(make_unit: MakeUnit, *hdus: fits.BinTableHDU) -> Path:
    return write_fits(Unit(make_unit()), "product.fits", fits.HDUList([fits.PrimaryHDU(), *hdus]))


def test_a_spectrum_flags_what_was_not_measured(make_unit: MakeUnit) -> None:
    hdu = spectrum_hdu(
        [1.0, np.nan, 3.0, 4.0],
        [0.1, 0.2, 0.0, np.inf],
        exposure_s=1440.0,
        observation=SEEN,
        first_channel=0,
        systematic=0.01,
        response="crab.rmf.fits",
        name="ISGR-EVTS-SPE",
    )
    with fits.open(_written(make_unit, hdu), checksum=True) as hdus:
        header, data = hdus["ISGR-EVTS-SPE"].header, hdus["ISGR-EVTS-SPE"].data
        assert list(data["CHANNEL"]) == [0, 1, 2, 3]
        assert list(data["QUALITY"]) == [0, 1, 1, 1]
        assert list(data["RATE"]) == [1.0, 0.0, 0.0, 0.0]
        assert np.allclose(data["STAT_ERR"], [0.1, 0, 0, 0])
        assert np.allclose(data["SYS_ERR"], 0.01)
        assert header["HDUCLAS1"] == "SPECTRUM"
        assert header["HDUCLAS2"] == "NET"
        assert header["POISSERR"] is False
        assert header["EXPOSURE"] == 1440.0
        assert (header["RESPFILE"], header["ANCRFILE"], header["BACKFILE"]) == ("crab.rmf.fits", "NONE", "NONE")
        assert (header["TLMIN1"], header["TLMAX1"], header["DETCHANS"]) == (0, 3, 4)
        assert header["OBJECT"] == "1E 1740.7?2942"


def test_long_names_leave_less_room_for_comments(make_unit: MakeUnit) -> None:
    seen = Observation("IBIS", 6876.5, 6876.6, "O'" * 32)
    hdu = spectrum_hdu([1.0], [0.1], exposure_s=1.0, observation=seen, first_channel=0)
    with fits.open(_written(make_unit, hdu)) as hdus:
        assert hdus["SPECTRUM"].header["OBJECT"] == "O'" * 32


def test_a_matrix_is_read_back_as_it_was_given(make_unit: MakeUnit) -> None:
    energies, channels = np.linspace(10.0, 50.0, 41), np.linspace(12.0, 48.0, 19)
    rng = np.random.default_rng(1)
    matrix = np.triu(rng.random((40, 18)), -20)
    matrix[7] = 0.0
    hdus = rmf_hdus(energies, channels, matrix, observation=SEEN, first_channel=1)
    with fits.open(_written(make_unit, *hdus)) as read:
        rows, header = read["SPECRESP MATRIX"].data, read["SPECRESP MATRIX"].header
        back = np.zeros_like(matrix)
        for row, line in enumerate(rows):
            first = line["F_CHAN"] - header["TLMIN4"]
            back[row, first : first + line["N_CHAN"]] = line["MATRIX"]
        assert np.allclose(back, matrix, atol=1e-7)
        assert header["HDUCLAS3"] == "REDIST"
        assert np.allclose(read["EBOUNDS"].data["E_MAX"], channels[1:])
        assert read["EBOUNDS"].data["CHANNEL"][0] == 1
        assert np.allclose(rows["ENERG_LO"], energies[:-1])


def test_an_area_belongs_to_its_bins(make_unit: MakeUnit) -> None:
    hdu = arf_hdu([10.0, 20.0, 40.0], [100.0, 300.0], observation=SEEN)
    with fits.open(_written(make_unit, hdu)) as read:
        assert list(read["SPECRESP"].data["SPECRESP"]) == [100.0, 300.0]
        assert read["SPECRESP"].header["HDUCLAS2"] == "SPECRESP"


@pytest.mark.parametrize("edges", [[0.0, 1.0, 2.0], [1.0, 3.0, 2.0], [1.0, 2.0]])
def test_wrong_energies_are_refused(edges: list[float]) -> None:
    with pytest.raises(ValueError, match=r"ascends|areas"):
        arf_hdu(edges, [1.0, 1.0], observation=SEEN)


def test_light_curves_in_seconds_and_days_tell_the_same(make_unit: MakeUnit) -> None:
    start = SEEN.start_ijd * 86400.0
    curve = LightCurve(
        start + np.array([5.0, 15.0, 45.0]),
        np.array([1.0, 2.0, 3.0]),
        np.array([0.1, 0.1, 0.2]),
        np.array([1.0, 1.0, 0.5]),
        np.full(3, 10.0),
    )
    tables = [
        rate_hdu(curve, 10.0, SEEN, band_kev=(20.0, 40.0)),
        gti_hdu(start + np.array([[0.0, 20.0], [40.0, 45.0]]), SEEN),
        osa_light_curve_hdu(curve, SEEN, name="ISGR-SRC.-LCR", band_kev=(20.0, 40.0)),
    ]
    with fits.open(_written(make_unit, *tables)) as read:
        rates, days = read["RATE"], read["ISGR-SRC.-LCR"]
        assert np.allclose(rates.data["TIME"] / 86400.0, days.data["TIME"], rtol=0, atol=1e-9)
        assert np.array_equal(rates.data["RATE"], days.data["RATE"])
        assert rates.header["TIMEDEL"] == 10.0
        assert rates.header["TSTART"] == pytest.approx(start)
        assert days.header["TSTART"] == SEEN.start_ijd
        assert rates.header["ONTIME"] == read["GTI"].header["ONTIME"] == 25.0
        assert (rates.header["HDUCLAS1"], rates.header["E_MIN"]) == ("LIGHTCURVE", 20.0)


def test_event_lists_keep_their_weights(make_unit: MakeUnit) -> None:
    times = SEEN.start_ijd * 86400.0 + np.array([1.0, 2.0])
    hdu = events_hdu(
        times,
        np.array([20.0, 30.4], np.float32),
        SEEN,
        columns={"WEIGHT": ("", np.array([0.1, -0.2], np.float32))},
        resolution_s=61.0e-6,
    )
    with fits.open(_written(make_unit, hdu)) as read:
        assert list(read["EVENTS"].data["PI"]) == [40, 60]
        assert np.allclose(read["EVENTS"].data["WEIGHT"], [0.1, -0.2])
        assert np.array_equal(read["EVENTS"].data["TIME"], times)
