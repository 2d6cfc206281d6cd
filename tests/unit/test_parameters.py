"""Whatever a caller writes for a parameter is read or refused with a sentence, in a time that its length bounds."""

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
