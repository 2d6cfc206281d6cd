"""Barycentric times against astropy's own, and against those that the standard software gave on real data."""

from pathlib import Path

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import EarthLocation, SkyCoord
from astropy.io import fits
from astropy.time import Time

from mesh.kit import BadInput
from science.timing.barycentre import barycentric_s
from science.timing.orbit import FARTHEST_S, Orbit, joined, read_orbit
from tests.unit.timing.orbit_file import write_events, write_orbit

_DAY_S = 86400.0
_CRAB = (83.633, 22.0145)


def _seconds(utc: str) -> float:
    return float((Time(utc, scale="utc").tt.mjd - 51544.0) * _DAY_S)


@pytest.mark.parametrize("utc", ["2003-02-07T00:00:00", "2010-06-21T12:00:00", "2018-10-29T06:00:00"])
@pytest.mark.parametrize(("ra", "dec"), [_CRAB, (266.4, -29.0), (10.0, 80.0)])
def test_at_the_earths_centre_it_is_that_of_astropy(utc: str, ra: float, dec: float) -> None:
    time = _seconds(utc) + np.array([0.0, 1234.5, 7000.0])
    instants = Time(
        51544.0, time / _DAY_S, format="mjd", scale="tt", location=EarthLocation.from_geocentric(0, 0, 0, u.m)
    )
    there = instants.light_travel_time(SkyCoord(ra, dec, unit="deg"), "barycentric", ephemeris="builtin")
    tdb = ((instants.tdb.jd1 - instants.jd1) + (instants.tdb.jd2 - instants.jd2)) * _DAY_S
    found = barycentric_s(time, ra, dec, None) - time
    # The delay by the Sun's gravity, up to 120 us, is in ours alone.
    assert np.abs(found - tdb - there.to_value("s")).max() < 130e-6
    assert np.abs(np.diff(found - tdb - there.to_value("s"))).max() < 1e-6


def test_the_suns_gravity_delays_what_passes_close_to_it() -> None:
    time = np.array([_seconds("2010-06-15T00:00:00"), _seconds("2010-12-15T00:00:00")])
    instants = Time(
        51544.0, time / _DAY_S, format="mjd", scale="tt", location=EarthLocation.from_geocentric(0, 0, 0, u.m)
    )
    there = instants.light_travel_time(SkyCoord(*_CRAB, unit="deg"), "barycentric", ephemeris="builtin").to_value("s")
    tdb = ((instants.tdb.jd1 - instants.jd1) + (instants.tdb.jd2 - instants.jd2)) * _DAY_S
    behind, opposite = barycentric_s(time, *_CRAB, None) - time - tdb - there
    # The Crab stands 1.4 deg beside the Sun in the middle of June: 9.85 us ln(1 + cos 178.6 deg).
    assert behind == pytest.approx(-80e-6, abs=5e-6)
    assert opposite == pytest.approx(9.85e-6 * np.log(2.0), abs=1e-6)


def test_a_spacecraft_nearer_to_the_source_sees_it_earlier() -> None:
    time = _seconds("2018-10-29T06:00:00") + np.arange(0.0, 100.0, 10.0)
    a, d = np.radians(_CRAB)
    towards = np.array([np.cos(d) * np.cos(a), np.cos(d) * np.sin(a), np.sin(d)])
    orbit = Orbit(time, np.tile(149896.229 * towards, (time.size, 1)))
    later = barycentric_s(time, *_CRAB, orbit) - barycentric_s(time, *_CRAB, None)
    assert np.allclose(later, 0.5, atol=1e-6)
    assert FARTHEST_S > 160000 / 299792.458


def test_shapes_and_order_of_times_are_kept() -> None:
    time = _seconds("2018-10-29T06:00:00") + np.array([[500.0, 0.0], [1e6, 20.0]])
    found = barycentric_s(time, *_CRAB, None)
    assert found.shape == (2, 2)
    assert np.allclose(
        found.ravel(), [barycentric_s(np.array([t]), *_CRAB, None)[0] for t in time.ravel()], rtol=0, atol=3e-7
    )
    assert barycentric_s(np.zeros(0), *_CRAB, None).size == 0


def test_an_orbit_counts_from_the_start_of_its_window(tmp_path: Path) -> None:
    events = write_events(tmp_path / "isgri_events.fits", start_ijd=6876.0)
    orbit = read_orbit(write_orbit(tmp_path / "sc_orbit_param.fits", first_s=-40.0, rows=60), events)
    assert orbit.time_s[0] == pytest.approx(6876.0 * _DAY_S - 40.0, abs=1e-4)
    assert np.diff(orbit.time_s) == pytest.approx(8.0, abs=1e-4)
    within = 6876.0 * _DAY_S + np.array([0.0, 200.0])
    assert orbit.covers(within).all()
    # It moves along X by 2 km/s, from 100 000 km at the start of the window on.
    assert orbit.at(within)[:, 0] == pytest.approx([100000.0, 100400.0], abs=0.01)
    outside = 6876.0 * _DAY_S + np.array([-200.0, 1000.0])
    assert not orbit.covers(outside).any()
    assert (orbit.at(outside) == 0.0).all()


def test_between_two_windows_the_orbit_is_not_known() -> None:
    first = Orbit(np.array([0.0, 8.0]), np.ones((2, 3)))
    last = Orbit(np.array([5000.0, 5008.0]), np.ones((2, 3)))
    both = joined([last, first])
    assert both is not None
    assert both.covers(np.array([4.0, 2500.0, 5004.0])).tolist() == [True, False, True]
    assert joined([]) is None


@pytest.mark.parametrize("fault", ["cut", "unit", "no start", "no table"])
def test_an_orbit_that_cannot_be_used_says_why(tmp_path: Path, fault: str) -> None:
    events = write_events(tmp_path / "isgri_events.fits", start_ijd=6876.0, told=fault != "no start")
    path = write_orbit(tmp_path / "sc_orbit_param.fits", first_s=0.0, rows=60, unit="m" if fault == "unit" else "km")
    if fault == "cut":
        path.write_bytes(path.read_bytes()[:4000])
    if fault == "no table":
        fits.PrimaryHDU().writeto(path, overwrite=True)
    with pytest.raises(BadInput, match=r"sc_orbit_param\.fits cannot be used as orbit") as caught:
        read_orbit(path, events)
    assert caught.value.reason == "BadOrbit"


@pytest.mark.parametrize("name", ["078900560010", "108500330010", "118900580010", "169600130010"])
def test_real_orbits_are_read(shared_data: Path, tmp_path: Path, name: str) -> None:
    path = shared_data / "orbit-attitude-index" / f"sc_orbit_param_{name}.fits.gz"
    with fits.open(path) as hdus:
        table = hdus["INTL-ORBI-SCP"]
        start, distance = table.header["OBTSTART"], np.asarray(table.data["DISTANCE"], float)
    events = write_events(tmp_path / "isgri_events.fits", start_ijd=3000.0, obt=start)
    orbit = read_orbit(path, events)
    assert np.linalg.norm(orbit.km, axis=1) == pytest.approx(distance, rel=1e-6)
    assert np.median(np.diff(orbit.time_s)) == pytest.approx(8.0, abs=0.1)
    assert abs(orbit.time_s[0] - 3000.0 * _DAY_S) < 60.0
    speed = np.linalg.norm(np.diff(orbit.km, axis=0), axis=1) / np.diff(orbit.time_s)
    assert 0.1 < np.median(speed) < 10.0


def test_real_barycentric_times_of_the_standard_software(shared_data: Path) -> None:
    """No orbit of this window is public, so that the two differ by the way to the spacecraft."""
    path = shared_data / "isgri-events-extracted" / "evts_extract_003900020060_H0614+091_PIF1.fits.gz"
    with fits.open(path) as hdus:
        data = hdus["GNRL-EVTS-LST"].data
        local, theirs = (np.asarray(data[name], float) * _DAY_S for name in ("TIME", "BARYTIME_1"))
    difference = theirs - barycentric_s(local, 94.2804, 9.1369, None)
    assert np.abs(difference).max() < FARTHEST_S
    # What is left is the orbit of a spacecraft: smooth, of a few km/s.
    drift = np.polyfit(local - local[0], difference, 3)
    left = difference - np.polyval(drift, local - local[0])
    assert np.std(left) < 100e-6
    assert abs(difference[-1] - difference[0]) * 299792.458 / (local[-1] - local[0]) < 10.0
