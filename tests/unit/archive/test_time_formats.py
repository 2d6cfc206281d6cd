"""Times in every format of astropy and every scale, against astropy; and what is refused."""

import pytest
from astropy.time import Time

from mesh.archive.time_formats import FORMATS, ijd_of

_INSTANTS = ["2017-08-17T12:41:04.430", "2016-12-31T23:59:59.500", "2003-11-12T00:00:00.000"]
_GOLDEN = [
    ("2017-08-17T12:41:04.430", "MJD 57982.528523495", "GPS 1187008882.430", 6438.529324236),
    ("2017-08-17T12:41:06.474598", "MJD 57982.528547160", "GPS 1187008884.474598", 6438.529347900),
    ("2015-09-14T09:50:45.400", "MJD 57279.410247685", "GPS 1126259462.400", 5735.411036852),
    ("2019-04-25T08:18:05.017", "MJD 58598.345891400", "GPS 1240215503.017", 7054.346692141),
    ("2023-06-27T01:53:37.000", "MJD 60122.078900463", "GPS 1371866035.000", 8578.079701204),
]
"""UTC, MJD and GPS of one instant as published with five gravitational waves and bursts, and its IJD."""


def _ijd(there: Time) -> float:
    days = there.tt - Time("2000-01-01T00:00:00", scale="tt")
    return float(days.to_value("jd"))


def test_every_format_of_astropy_is_known() -> None:
    assert set(Time.FORMATS) <= set(FORMATS)


@pytest.mark.parametrize("scale", ["utc", "tt", "tai"])
@pytest.mark.parametrize("form", sorted(Time.FORMATS))
@pytest.mark.parametrize("instant", _INSTANTS)
def test_each_is_read_as_astropy_writes_it(form: str, instant: str, scale: str) -> None:
    there = getattr(Time(instant, scale="utc", format="isot", precision=6), scale)
    written = there.to_value(form, subfmt="str") if form in {"mjd", "jd"} else there.to_value(form)
    text = written if isinstance(written, str) else " ".join(str(written).strip("()").split(","))
    if isinstance(written, float):
        text = repr(float(written))
    # Dates in years are good to as much as their digits hold; a Besselian year is no year of UTC, a stardate small.
    most = {"decimalyear": 0.02, "byear": 1.2, "jyear": 0.02, "byear_str": 2e5, "jyear_str": 2e5}.get(form, 5e-5)
    assert ijd_of(text, form, scale) == pytest.approx(_ijd(there), abs=most / 86400.0)


@pytest.mark.parametrize(("utc", "mjd", "gps", "ijd"), _GOLDEN)
def test_published_times_of_events(utc: str, mjd: str, gps: str, ijd: float) -> None:
    for text, most in ((utc, 1e-9), (mjd, 2e-9), (gps, 1e-9)):
        assert ijd_of(text) == pytest.approx(ijd, abs=most)


def test_a_leap_second_has_a_place_of_its_own() -> None:
    before, leap, after = (
        ijd_of(text) for text in ("2016-12-31T23:59:59", "2016-12-31T23:59:60", "2017-01-01T00:00:00")
    )
    assert (leap - before) * 86400.0 == pytest.approx(1.0, abs=1e-5)
    assert (after - leap) * 86400.0 == pytest.approx(1.0, abs=1e-5)


@pytest.mark.parametrize("text", ["58420.5", "MJD 58420.5", "mjd: 58420.5", "2458421.0", "2018-10-29T12:00:00Z"])
def test_a_format_that_is_not_named_is_told_by_the_text(text: str) -> None:
    assert ijd_of(text) == pytest.approx(6876.5 + 69.184 / 86400.0, abs=1e-9)


@pytest.mark.parametrize(
    ("text", "form", "scale", "said"),
    [
        ("2018", "", "utc", "a year or an IJD"),
        ("1187008882", "", "utc", "several epochs"),
        ("yesterday", "", "utc", "not a UTC time"),
        ("", "", "utc", "not a UTC time"),
        ("57982.5", "week", "utc", "not a known format"),
        ("57982.5", "mjd", "tcb", "not a known time scale"),
        ("nan", "ijd", "utc", "not finite"),
        ("1e300", "jd", "utc", "out of range"),
        ("2017:366:00:00:00", "yday", "utc", "YYYY:DDD"),
        ("2017 1", "ymdhms", "utc", "year, month, day"),
        ("2017-01-01T00:00:00Z", "isot", "tt", "with a zone is UTC"),
        ("2016-12-30T23:59:60", "isot", "utc", "61st second"),
    ],
)
def test_what_is_no_time_is_refused_in_words(text: str, form: str, scale: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        ijd_of(text, form, scale)
