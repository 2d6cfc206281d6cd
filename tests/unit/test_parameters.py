"""Whatever a caller writes for a parameter is read or refused with a sentence, in a time that its length bounds."""

import re
from base64 import b64encode
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.archive.times import ijd_from_utc, utc_from_ijd
from mesh.errors import InvalidParameter
from mesh.keys import canonical_json
from mesh.parameters import Parameter

_NUMBER = Parameter(type="number", default=1, help="", unit="s")
_STEPS = Parameter(type="number", default=1, help="", unit="s", multiple_of=0.05)
_BANDS = Parameter(type="bands", default=[[1, 2]], help="", unit="keV", minimum=1, maximum=100)
_LABELS = Parameter(type="labels", default=[], help="")
_CATALOGUE = Parameter(type="catalogue", default="none", help="", choices=("none",))
_FILES = Parameter(type="files", default=[], help="")
_EVERY = (
    _NUMBER,
    _STEPS,
    _BANDS,
    _LABELS,
    _CATALOGUE,
    _FILES,
    Parameter(type="integer", default=1, help=""),
    Parameter(type="boolean", default=False, help=""),
    Parameter(type="choice", default="a", help="", choices=("a",)),
    Parameter(type="text", default="", help=""),
    Parameter(type="products", default=[], help=""),
)
_JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters()),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text() | st.just("ra"), inner, max_size=4),
    max_leaves=12,
)


def _refused(parameter: Parameter, value: Any) -> InvalidParameter:
    with pytest.raises(InvalidParameter) as caught:
        parameter.canonical("x", value)
    return caught.value


@pytest.mark.parametrize(
    ("parameter", "text"),
    [
        (_NUMBER, "e" * 1_000_000 + "!"),
        (_NUMBER, "1" * 1_000_000 + "!"),
        (_NUMBER, " " * 1_000_000 + "x"),
        (_BANDS, "1" + " " * 1_000_000 + "x"),
        (_BANDS, "-" * 1_000_000),
        (_FILES, "a/" * 500_000 + "!"),
    ],
    ids=["exponents", "digits", "blanks", "blanks of a band", "dashes", "path"],
)
def test_a_megabyte_of_text_is_refused_while_nobody_notices(parameter: Parameter, text: str) -> None:
    """A pattern that takes time with the square of the length would run into the time limit of the test, by hours."""
    _refused(parameter, text)


@pytest.mark.parametrize(
    "value",
    [10**400, -(10**400), 10**5000, "1" * 400, "1e400", "1e308 d", float("inf")],
    ids=["large", "small", "endless", "digits", "exponent", "unit", "infinite"],
)
@pytest.mark.parametrize("parameter", [_NUMBER, _STEPS], ids=["any", "steps"])
def test_a_number_that_no_computer_holds_is_refused(parameter: Parameter, value: Any) -> None:
    assert len(_refused(parameter, value).text) < 400


def test_a_number_without_bounds_may_be_large() -> None:
    assert _NUMBER.canonical("x", 1e308) == 1e308
    _refused(_STEPS, 1e308)


def test_numbers_with_units_read_as_before() -> None:
    for text in ("1500 ms", " 1.5s", "+1.5e0 s", "1.5"):
        assert _NUMBER.canonical("x", text) == 1.5
    assert _BANDS.canonical("x", "20 - 40 , 40-80keV") == [[20.0, 40.0], [40.0, 80.0]]


@pytest.mark.parametrize(
    ("parameter", "value"),
    [
        (_LABELS, ["a"] * 1001),
        (_LABELS, ["a" * 201]),
        (_LABELS, [1]),
        (_CATALOGUE, [{"name": f"s{number}", "ra": 1, "dec": 1} for number in range(2001)]),
        (_CATALOGUE, [{"name": "s" * 201, "ra": 1, "dec": 1}]),
        (_BANDS, [[number, number + 1] for number in range(1, 66)]),
        (_FILES, ["a"] + [f"a{number}" for number in range(64)]),
    ],
)
def test_lists_and_names_have_an_end(parameter: Parameter, value: Any) -> None:
    assert "at most" in str(_refused(parameter, value).allowed)


def test_an_instrument_file_may_set_another_end() -> None:
    short = _LABELS.model_copy(update={"most": 2})
    assert short.canonical("x", ["b", "a"]) == ["a", "b"]
    assert "at most 2" in str(_refused(short, ["a", "b", "c"]).allowed)


@given(st.sampled_from(_EVERY), _JSON)
def test_any_json_is_read_or_refused_with_a_short_sentence(parameter: Parameter, value: Any) -> None:
    try:
        read = parameter.canonical("x", value)
    except InvalidParameter as error:
        assert len(error.text) < 1000
    else:
        canonical_json(read)


@pytest.mark.parametrize(
    "text", ["9999-12-31T23:59:59-12:00", "0001-01-01T00:00:00+12:00", "9999-12-31T23:59:59.999999"]
)
def test_times_at_the_edge_of_the_calendar_are_refused(text: str) -> None:
    with pytest.raises(ValueError, match="UTC"):
        ijd_from_utc(text)


def test_the_last_time_comes_back() -> None:
    assert utc_from_ijd(ijd_from_utc("9998-12-31T23:59:59"), 0) == "9998-12-31T23:59:59"


def test_a_choice_that_looks_like_a_number_may_be_written_as_one() -> None:
    unit = Parameter(type="choice", default="both", help="", choices=("1", "2", "both"))
    assert unit.canonical("jemx_num", 1) == unit.canonical("jemx_num", "1") == "1"
    for wrong in (3, True, 10**4000, 1.0):
        with pytest.raises(InvalidParameter, match="one of 1, 2, both"):
            unit.canonical("jemx_num", wrong)


_PLACE = {"ra": 263.009, "dec": -24.7456}


def test_places_may_be_sexagesimal_and_names_differ_in_capitals() -> None:
    listed = [{"name": "GX 1+4", "ra": "17:32:02.16", "dec": "-24:44:44.2"}, {"name": "gx 1+4", **_PLACE}]
    found = _CATALOGUE.canonical("x", listed)
    assert {source["name"] for source in found} == {"GX 1+4", "gx 1+4"}
    for source in found:
        assert source["ra"] == pytest.approx(263.009, abs=1e-4)
        assert source["dec"] == pytest.approx(-24.7456, abs=1e-4)


@pytest.mark.parametrize(
    ("name", "said"),
    [
        ("αβγ", r"the name '\\u03b1\\u03b2\\u03b3' holds '\\u03b1'.*write it in ASCII"),
        ("GX\u00a01+4", r"holds '\\xa0'"),
        ("Kes\t73", r"holds '\\t'"),
        ("x" * 65, "longer than 64 characters"),
        ("  ", "the name is empty"),
        (7, "the name is empty"),
    ],
)
def test_names_that_a_file_cannot_hold_whole_are_refused(name: Any, said: str) -> None:
    error = _refused(_CATALOGUE, [{"name": "fine", "ra": 1.0, "dec": 1.0}, {"name": name, **_PLACE}])
    assert error.field == "parameters.x[1]"
    assert re.search(said, error.text), error.text


def test_names_that_occur_twice_are_told() -> None:
    assert "'GX 1+4'" in _refused(_CATALOGUE, [{"name": "GX 1+4", **_PLACE}] * 2).text


@pytest.mark.parametrize(
    "text",
    [
        "name,ra,dec\nGX 1+4,263.009,-24.7456\n",
        "fk5\ncircle(17:32:02.16,-24:44:44.2,3') # text={GX 1+4}\n",
        f"data:text/csv;base64,{b64encode(b'name,ra,dec' + bytes([10]) + b'GX 1+4,263.009,-24.7456').decode()}",
    ],
    ids=["csv", "regions", "data"],
)
def test_the_content_of_a_file_is_a_list(text: str) -> None:
    (source,) = _CATALOGUE.canonical("x", text)
    assert (source["name"], source["ra"]) == ("GX 1+4", pytest.approx(263.009, abs=1e-4))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("refrence", "'refrence' is neither a known word nor the content of a file"),
        ("name,ra,dec\nA,1\n", "cannot be read: row 1 has 2 values"),
        ("data:;base64,!!", "cannot be read"),
        ("name,ra,dec\nα,1,2\n", "write it in ASCII"),
        ("x\n" * 1_000_000, "neither a known word"),
    ],
)
def test_a_text_that_is_no_list_says_why(text: str, said: str) -> None:
    assert said in _refused(_CATALOGUE, text).text


def test_a_list_longer_than_allowed_is_refused_whatever_its_form() -> None:
    text = "name,ra,dec\n" + "".join(f"s{n},{n % 360},0\n" for n in range(2001))
    assert "list of sources" in _refused(_CATALOGUE, text).text
