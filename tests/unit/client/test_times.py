"""Every form of a time comes to the same UTC; what is no time is refused with the forms that are."""

from datetime import UTC, date, datetime, timedelta, timezone
from typing import Any

import numpy as np
import pytest
from astropy.time import Time

from odamesh.errors import WrongValue
from odamesh.times import utc

_NOON = "2018-10-29T12:00:00"


@pytest.mark.parametrize(
    "value",
    [
        _NOON,
        "2018-10-29T12:00",
        "2018-10-29 12:00:00",
        "2018-10-29T12:00:00Z",
        "2018-10-29T14:00:00+02:00",
        " 2018-10-29T12:00:00 ",
        "MJD 58420.5",
        "mjd58420.5",
        "MJD=58420.5",
        58420.5,
        "58420.5",
        np.float64(58420.5),
        "JD 2458421.0",
        2458421.0,
        datetime(2018, 10, 29, 12),
        datetime(2018, 10, 29, 12, tzinfo=UTC),
        datetime(2018, 10, 29, 14, tzinfo=timezone(timedelta(hours=2))),
        np.datetime64("2018-10-29T12:00:00"),
        Time("2018-10-29T12:00:00", scale="utc"),
        Time(58420.5, format="mjd"),
        Time("2018-10-29T12:00:00", scale="utc").tt,
    ],
    ids=lambda value: f"{type(value).__name__} {value}",
)
def test_every_form_is_the_same_instant(value: Any) -> None:
    assert utc("t1", value) == _NOON


def test_ijd_is_in_tt() -> None:
    ijd = 6876.5 + (37 + 32.184) / 86400
    for form in (ijd, f"IJD {ijd!r}", str(ijd)):
        assert utc("t1", form)[:19] in {_NOON, "2018-10-29T11:59:59"}
    assert utc("t1", Time(51544 + ijd, format="mjd", scale="tt"))[:16] in {_NOON[:16], "2018-10-29T11:59"}


def test_days_begin_at_midnight() -> None:
    assert utc("t1", "2018-10-29") == utc("t1", date(2018, 10, 29)) == utc("t1", "20181029") == "2018-10-29T00:00:00"


def test_a_leap_second_stays_one() -> None:
    assert utc("t1", "2016-12-31T23:59:60") == "2016-12-31T23:59:60"
    assert utc("t1", Time("2016-12-31T23:59:60.5")) == "2016-12-31T23:59:60.500000"


@pytest.mark.parametrize("value", ["tomorrow", float("nan"), "1998-01-01", True, object(), [], "2018", "", 1e30, None])
def test_what_is_no_time_is_refused_with_the_field_and_the_forms(value: Any) -> None:
    with pytest.raises(WrongValue, match=r"^t2: .*MJD 58420\.5"):
        utc("t2", value)
