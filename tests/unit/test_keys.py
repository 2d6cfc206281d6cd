"""A key is a function of the content alone, and of all of it."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from mesh.keys import canonical_json, content_key, unit_key

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(2**53), 2**53)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(), inner, max_size=4),
    max_leaves=12,
)


@given(st.dictionaries(st.text(), JSON))
def test_order_of_names_does_not_matter(content: dict[str, object]) -> None:
    assert content_key(dict(reversed(content.items()))) == content_key(content)


@given(st.integers(-(2**52), 2**52))
def test_whole_floats_equal_integers(number: int) -> None:
    assert canonical_json({"x": number}) == canonical_json({"x": float(number)})


@pytest.mark.parametrize("value", [math.nan, math.inf, {1}, b"x"])
def test_what_cannot_be_a_parameter_is_refused(value: object) -> None:
    with pytest.raises(ValueError, match="cannot be part of a key"):
        content_key({"x": value})


BASE: dict[str, object] = {
    "instrument": "isgri",
    "stage": "image",
    "image": "sha256:1",
    "calibration": "c1",
    "parameters": {"bands": [[20, 40]]},
    "label": "201600270010.001",
    "inputs": [{"a": 1}, {"b": 2}],
}


def test_order_of_inputs_does_not_matter() -> None:
    assert unit_key(**BASE) == unit_key(**{**BASE, "inputs": [{"b": 2}, {"a": 1}]})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "change",
    [
        {"instrument": "jemx"},
        {"stage": "mosaic"},
        {"image": "sha256:2"},
        {"calibration": "c2"},
        {"parameters": {"bands": [[20, 41]]}},
        {"label": "201600280010.001"},
        {"inputs": [{"a": 1}]},
    ],
)
def test_every_part_enters_the_key(change: dict[str, object]) -> None:
    assert unit_key(**BASE) != unit_key(**{**BASE, **change})  # type: ignore[arg-type]
