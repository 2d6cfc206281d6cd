"""Times of the protocol in every format, against astropy."""

import pytest
from astropy.time import Time

from gateway.oda.refusals import Misunderstood
from gateway.oda.times import utc

INSTANTS = ["2017-03-06T13:26:48.000", "2016-12-31T23:59:59.500", "2003-11-12T00:00:00.000"]
FORMATS = ["isot", "iso", "mjd", "jd", "unix", "gps", "cxcsec", "yday", "decimalyear", "byear", "plot_date"]


@pytest.mark.parametrize("form", FORMATS)
@pytest.mark.parametrize("instant", INSTANTS)
def test_every_format_is_read_as_astropy_writes_it(form: str, instant: str) -> None:
    there = Time(instant, scale="utc", format="isot")
    written = there.to_value(form, subfmt="str") if form in {"mjd", "jd"} else there.to_value(form)
    text = written if isinstance(written, str) else repr(float(written))
    back = Time(utc(text, form), scale="utc", format="isot")
    # A double of a Julian date in years holds milliseconds at best; the year of a Besselian date is no year of UTC.
    most = {"decimalyear": 2.0, "byear": 70.0}.get(form, 0.002)
    assert abs((back - there).sec) < most


@pytest.mark.parametrize(
    ("text", "form"),
    [
        ("57818", "isot"),
        ("2017-03-06", "mjd"),
        ("nan", "mjd"),
        ("1e300", "jd"),
        ("2017:400:00:00:00", "yday"),
        ("", "iso"),
    ],
)
def test_what_is_no_time_of_its_format_is_refused(text: str, form: str) -> None:
    with pytest.raises(Misunderstood, match="cannot be read"):
        utc(text, form)
