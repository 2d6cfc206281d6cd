"""Time scales against real headers, published event times, and astropy."""

from datetime import datetime

import pytest
from astropy.time import Time

from mesh.archive.times import (
    ijd_from_mjd,
    ijd_from_mjd_utc,
    ijd_from_utc,
    mjd_from_ijd,
    tt_minus_utc,
    utc_from_ijd,
)


@pytest.mark.parametrize(
    ("ijd", "utc"),
    [
        # IBIS-GNRL-GTI of 255900280010: START, STOP with UTC_START, UTC_END to 0.1 microsecond.
        (8320.632455833342, "2022-10-12T15:09:35.0000007"),
        (8320.635647871224, "2022-10-12T15:14:10.7920737"),
        (8320.673660387925, "2022-10-12T16:08:55.0735167"),
    ],
)
def test_good_times_of_a_real_window(ijd: float, utc: str) -> None:
    assert ijd_from_utc(utc[:26]) == pytest.approx(ijd, abs=2e-11)
    assert utc_from_ijd(ijd, 3) == f"{utc[:17]}{float(utc[17:]):06.3f}"


@pytest.mark.parametrize(
    ("utc", "ijd"),
    [
        ("2015-09-14T09:50:45", 5735.41103),  # GW150914
        ("2015-12-26T03:38:53", 5838.15279),  # GW151226
        ("2017-01-04T10:11:58", 6213.42578),  # GW170104, three days after a leap second
        ("2017-06-08T02:01:16", 6368.08501),
        ("2017-08-14T10:30:43", 6435.43880),
        ("2017-08-17T12:41:04", 6438.52932),  # GW170817
    ],
)
def test_gravitational_wave_times(utc: str, ijd: float) -> None:
    assert ijd_from_utc(utc) == pytest.approx(ijd, abs=6e-6)


@pytest.mark.parametrize(
    ("utc", "offset"),
    [
        ("2002-10-17T00:00:00", 64.184),
        ("2005-12-31T23:59:59", 64.184),
        ("2006-01-01T00:00:00", 65.184),
        ("2009-01-01T00:00:00", 66.184),
        ("2012-07-01T00:00:00", 67.184),
        ("2015-07-01T00:00:00", 68.184),
        ("2017-01-01T00:00:00", 69.184),
        ("2025-02-28T00:00:00", 69.184),
    ],
)
def test_leap_seconds_agree_with_astropy(utc: str, offset: float) -> None:
    assert tt_minus_utc(datetime.fromisoformat(utc)) == offset
    assert ijd_from_utc(utc) == pytest.approx(float(Time(utc, scale="utc").tt.mjd) - 51544.0, abs=1e-10)
    assert utc_from_ijd(ijd_from_utc(utc), 0) == utc


def test_a_leap_second_lasts_one_second() -> None:
    before, inside, after = (
        ijd_from_utc(t) for t in ("2016-12-31T23:59:59", "2016-12-31T23:59:60", "2017-01-01T00:00:00")
    )
    assert (inside - before) * 86400 == pytest.approx(1.0, abs=1e-6)
    assert (after - inside) * 86400 == pytest.approx(1.0, abs=1e-6)
    assert utc_from_ijd(inside + 0.5 / 86400, 3) == "2016-12-31T23:59:60.500"
    assert utc_from_ijd(inside + 0.9999 / 86400, 3) == "2017-01-01T00:00:00.000"


@pytest.mark.parametrize("utc", ["2016-12-31T23:59:60.500", "2005-12-31T23:59:60.000", "2015-06-30T23:59:60.999"])
def test_a_time_inside_a_leap_second_comes_back_as_it_was(utc: str) -> None:
    assert utc_from_ijd(ijd_from_utc(utc), 3) == utc
    assert ijd_from_utc(utc) == pytest.approx(float(Time(utc, scale="utc").tt.mjd) - 51544.0, abs=1e-10)


@pytest.mark.parametrize(
    "utc", ["2018-05-05T10:00:60", "2016-12-31T22:59:60", "2016-06-30T23:59:60", "2016-12-31T23:59:60+01:00"]
)
def test_a_61st_second_where_there_is_none_is_refused(utc: str) -> None:
    with pytest.raises(ValueError, match="61st second"):
        ijd_from_utc(utc)


def test_a_leap_second_in_another_zone() -> None:
    assert ijd_from_utc("2017-01-01T00:59:60+01:00") == ijd_from_utc("2016-12-31T23:59:60Z")


def test_zones_fractions_and_rounding() -> None:
    assert ijd_from_utc("2018-10-29T12:00:00Z") == ijd_from_utc("2018-10-29T12:00:00")
    assert ijd_from_utc("2018-10-29T13:00:00+01:00") == ijd_from_utc("2018-10-29T12:00:00")
    assert utc_from_ijd(ijd_from_utc("2018-10-29T12:00:00.9996"), 3) == "2018-10-29T12:00:01.000"


@pytest.mark.parametrize("text", ["yesterday", "29/10/2018", "", "2018-13-01T00:00:00", "2018-10-29T25:00:00"])
def test_a_bad_time_shows_the_form(text: str) -> None:
    with pytest.raises(ValueError, match="YYYY-MM-DDThh:mm:ss"):
        ijd_from_utc(text)


def test_times_before_the_table_are_refused() -> None:
    with pytest.raises(ValueError, match="1999"):
        ijd_from_utc("1998-12-31T23:59:59")
    with pytest.raises(ValueError, match="1999"):
        utc_from_ijd(-400.0)


def test_mjd() -> None:
    assert mjd_from_ijd(8320.5) == 59864.5
    assert ijd_from_mjd(59864.5) == 8320.5
    utc = Time("2018-10-29T12:00:00", scale="utc")
    assert ijd_from_mjd_utc(float(utc.mjd)) == pytest.approx(ijd_from_utc("2018-10-29T12:00:00"), abs=1e-10)
