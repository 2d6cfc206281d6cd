"""Selection of science windows, and what a caller is told when there is nothing to select."""

import pytest
from astropy.coordinates import SkyCoord

from mesh.archive.index import Index
from mesh.archive.select import Selected, select, separation_deg
from mesh.contracts import Cone, Selection, TimeRange
from mesh.errors import InvalidSelection
from tests.unit.archive.windows import EVENTS, entry, small_index

NIGHT = TimeRange(t1="2018-10-29T00:00:00", t2="2018-10-30T00:00:00")


def run(selection: Selection, index: Index | None = None) -> Selected:
    return select(small_index() if index is None else index, selection, instrument="isgri", files=EVENTS)


def ids(selected: Selected) -> list[str]:
    return [str(entry.scw) for entry in selected.entries]


def refusal(selection: Selection, index: Index | None = None) -> InvalidSelection:
    with pytest.raises(InvalidSelection) as caught:
        run(selection, index)
    return caught.value


def test_a_list_takes_the_newest_version_once_in_time_order() -> None:
    wanted = ("201600280010", "201600270010", "201600270010.001", " 201600280010.001")
    assert ids(run(Selection(scws=wanted))) == ["201600270010.001", "201600280010.001"]


def test_an_older_version_can_be_asked_for() -> None:
    assert ids(run(Selection(scws=("201600280010.000",)))) == ["201600280010.000"]


@pytest.mark.parametrize(
    "wanted",
    [
        ("201600280010.000", "201600280010.001"),
        ("201600280010.001", "201600280010.000"),
        ("201600280010", "201600280010.000"),
    ],
)
def test_of_two_versions_of_a_window_the_newer_is_analysed_and_the_other_named(wanted: tuple[str, ...]) -> None:
    selected = run(Selection(scws=wanted))
    assert ids(selected) == ["201600280010.001"]
    [older] = selected.rejected
    assert (older.scw, older.reason) == ("201600280010.000", "OlderVersion")
    assert "count once, in 201600280010.001" in older.text


def test_bad_windows_are_named_and_the_others_go_on() -> None:
    wanted = ("201600270010", "junk", "201600990010", "201600300010", "201600270021", "201600280010.007")
    selected = run(Selection(scws=wanted))
    assert ids(selected) == ["201600270010.001"]
    reasons = {item.scw: (item.reason, item.text) for item in selected.rejected}
    assert reasons["junk"][0] == "MalformedScW"
    assert "RRRRPPPPSSSF" in reasons["junk"][1]
    assert reasons["201600990010"] == ("NoScWData", "201600990010 is not in the archive")
    assert reasons["201600300010.001"][0] == "NoISGRIEvents"
    assert reasons["201600270021"][0] == "NotAPointing"
    assert "version 000, 001" in reasons["201600280010.007"][1]


def test_a_list_with_nothing_usable_is_refused_with_the_reasons() -> None:
    error = refusal(Selection(scws=("201600990010", "201600300010", "x", "y", "z")))
    assert error.field == "selection.scws"
    assert "none of the 5 science windows" in error.text
    assert "201600990010 is not in the archive" in error.text


def test_a_time_range_takes_pointings_that_overlap_it() -> None:
    some = TimeRange(t1="2018-10-29T03:29:00", t2="2018-10-29T04:05:00")
    assert ids(run(Selection(time=some))) == ["201600270010.001", "201600280010.001"]


def test_a_cone_is_about_the_pointing_axis() -> None:
    cone = Cone(ra=266.4, dec=-29.0, radius=2.0)
    assert ids(run(Selection(time=NIGHT, cone=cone))) == ["201600270010.001"]
    wide = run(Selection(time=NIGHT, cone=cone.model_copy(update={"radius": 15.0})))
    assert ids(wide) == ["201600270010.001", "201600280010.001"]
    assert [item.reason for item in wide.rejected] == ["NoISGRIEvents"]


def test_a_cone_that_selects_nothing_names_the_nearest_pointing() -> None:
    error = refusal(Selection(time=NIGHT, cone=Cone(ra=83.6, dec=50.0, radius=15.0)))
    assert error.field == "selection.cone"
    assert "no pointing within 15 deg" in error.text
    assert "nearest is 28.0 deg away (201600290010.001" in error.text


def test_a_time_without_pointings_names_the_nearest_and_the_coverage() -> None:
    error = refusal(Selection(time=TimeRange(t1="2018-11-05T00:00:00", t2="2018-11-06T00:00:00")))
    assert error.field == "selection.time"
    assert "nearest is 201600300010.001 from 2018-10-29T04:40:00 to 2018-10-29T05:10:00" in error.text
    assert "the archive covers 2018-10-29T03:00:00 to 2018-10-29T05:10:00" in error.text


@pytest.mark.parametrize(
    ("t1", "t2", "words"),
    [
        ("2018-10-30T00:00:00", "2018-10-29T00:00:00", "is not before t2"),
        ("2018-10-29T00:00:00", "2018-10-29T00:00:00", "is not before t2"),
        ("2001-01-01T00:00:00", "2002-10-01T00:00:00", "outside the mission"),
        ("2026-01-01T00:00:00", "2026-02-01T00:00:00", "outside the mission"),
        ("today", "2026-02-01T00:00:00", "YYYY-MM-DD"),
    ],
)
def test_impossible_times(t1: str, t2: str, words: str) -> None:
    assert words in refusal(Selection(time=TimeRange(t1=t1, t2=t2))).text


def test_list_or_time_and_not_both_or_neither() -> None:
    assert "either" in refusal(Selection()).text
    assert "either" in refusal(Selection(scws=("201600270010",), time=NIGHT)).text
    assert "is empty" in refusal(Selection(scws=())).text


def test_an_empty_archive_says_so() -> None:
    assert "the archive is empty" in refusal(Selection(time=NIGHT), Index([], "nowhere")).text


def test_files_that_the_index_does_not_list_are_taken_on_trust() -> None:
    index = Index([entry("201600270010.001", "2018-10-29T03:00:00", files=None)], "FITS")
    (found,) = run(Selection(time=NIGHT), index).entries
    assert found.file(EVENTS) == "scw/2016/201600270010.001/isgri_events.fits.gz"


def test_at_most_so_many_pointings_evenly_spread_and_always_the_same() -> None:
    index = Index(
        [entry(f"2016{n:04d}0010.001", f"2018-10-29T{n // 2:02d}:{n % 2 * 30:02d}:00") for n in range(1, 41)], "t"
    )
    chosen = ids(run(Selection(time=NIGHT, max_pointings=4), index))
    assert chosen == [f"2016{n:04d}0010.001" for n in (6, 16, 26, 36)]
    assert len(ids(run(Selection(time=NIGHT), index))) == 40
    assert len(ids(run(Selection(time=NIGHT, max_pointings=40), index))) == 40
    assert refusal(Selection(time=NIGHT, max_pointings=0), index).field == "selection.max_pointings"


@pytest.mark.parametrize(
    ("a", "b"),
    [
        ((0.0, 0.0), (0.0, 0.0)),
        ((359.9, 10.0), (0.2, 10.0)),
        ((10.0, 89.0), (190.0, 89.0)),
        ((5.0, -3.0), (185.0, 3.0)),
    ],
)
def test_separation_agrees_with_astropy(a: tuple[float, float], b: tuple[float, float]) -> None:
    expected = SkyCoord(*a, unit="deg").separation(SkyCoord(*b, unit="deg")).deg
    assert separation_deg(*a, *b) == pytest.approx(float(expected), abs=1e-9)
