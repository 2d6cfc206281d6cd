"""Stingray reads our light curves and event lists as they are."""

import warnings
from pathlib import Path

import numpy as np
import pytest
from astropy.io import fits

from mesh.kit.ogip.events import events_hdu
from mesh.kit.ogip.good_times import gti_hdu
from mesh.kit.ogip.light_curve import LightCurve, osa_light_curve_hdu, rate_hdu
from mesh.kit.ogip.observation import Observation
from services.polar.simulator.events import write_archive
from tests.unit.polar.stage_runs import run_stage

SEEN = Observation("IBIS", 6876.5, 6876.5 + 100.0 / 86400.0, "Crab", 83.633, 22.0145, detector="ISGRI")
START = SEEN.start_ijd * 86400.0
GOOD = START + np.array([[0.0, 40.0], [60.0, 100.0]])


def test_light_curve(tmp_path: Path) -> None:
    stingray = pytest.importorskip("stingray", reason="Stingray is not installed")
    centres = np.array([5.0, 15.0, 25.0, 35.0, 65.0, 75.0, 85.0, 95.0])
    rates = 100.0 + centres
    exposed = np.array([0.3, 1.0, 0.95, 1.0, 1.0, 0.5, 1.0, 0.08])  # rates stay as they are in bins exposed in part
    curve = LightCurve(START + centres, rates, np.full(8, 2.0), exposed, np.full(8, 10.0))
    path = tmp_path / "lc.fits"
    tables = [
        rate_hdu(curve, 10.0, SEEN, band_kev=(20.0, 40.0)),
        gti_hdu(GOOD, SEEN),
        osa_light_curve_hdu(curve, SEEN, name="ISGR-SRC.-LCR"),
    ]
    fits.HDUList([fits.PrimaryHDU(), *tables]).writeto(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # Stingray says of every FITS light curve that its times may be wrong
        read = stingray.Lightcurve.read(str(path), fmt="ogip")
    assert read.dt == 10.0
    assert np.allclose(np.asarray(read.time, float), START + centres, rtol=0, atol=1e-6)
    assert np.allclose(np.asarray(read.countrate, float), rates, rtol=1e-6)
    assert np.allclose(np.asarray(read.counts_err, float), 20.0, rtol=1e-6)
    assert np.allclose(np.asarray(read.gti, float), GOOD, rtol=0, atol=1e-6)
    assert float(read.mjdref) == 51544.0


def test_light_curves_of_polar(tmp_path: Path) -> None:
    stingray = pytest.importorskip("stingray", reason="Stingray is not installed")
    interval = ("2017-01-14T21:57:00", "2017-01-14T22:00:00")
    slices = []
    for label in write_archive(tmp_path / "archive", *interval, [], rate=150.0):
        source = tmp_path / "archive" / "slices" / "polar" / label[:4] / label / "polar.pevt.gz"
        _, out = run_stage(tmp_path / label, "events", label, [(label, source)])
        slices.append((label, out / "polar_events.fits.gz"))
    bands = [[50, 100], [100, 500]]
    _, out = run_stage(tmp_path / "u", "light_curve", "job", slices, interval, bands=bands, time_bin=1.0)
    with fits.open(out / "polar_lc.fits") as hdus:
        named = [(hdu.name, hdu.header.get("EXTVER")) for hdu in hdus[1:] if hdu.name != "GTI"]
        assert named == [("RATE", 1), ("RATE", 2), ("POLAR_LC", 1), ("POLAR_LC", 2)]
        expected = hdus["RATE", 1].data["RATE"]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = stingray.Lightcurve.read(str(out / "polar_lc.fits"), fmt="ogip")
    assert np.allclose(np.asarray(read.countrate, float), expected, rtol=1e-5)


def test_event_list(tmp_path: Path) -> None:
    stingray = pytest.importorskip("stingray", reason="Stingray is not installed")
    rng = np.random.default_rng(2)
    times = np.concatenate([np.sort(rng.uniform(low, high, 250)) for low, high in GOOD])
    energies = np.linspace(20.0, 60.0, 500, dtype=np.float32)
    path = tmp_path / "events.fits"
    events = events_hdu(times, energies, SEEN, resolution_s=6.1e-5, name="ISGR-EVTS-ALL")
    fits.HDUList([fits.PrimaryHDU(), events, gti_hdu(GOOD, SEEN, "IBIS-GNRL-GTI")]).writeto(path)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        read = stingray.EventList.read(str(path), fmt="hea")
    assert np.allclose(np.asarray(read.time, float), times, rtol=0, atol=1e-6)
    assert np.allclose(np.asarray(read.gti, float), GOOD, rtol=0, atol=1e-6)
    assert np.array_equal(read.energy, energies)
    assert float(read.mjdref) == 51544.0
