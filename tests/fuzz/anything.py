"""Texts and JSON values, those at the edges of what can be written among them."""

from typing import Any

from hypothesis import strategies as st

_LONG = ("0" * 32, "0" * 64, "9" * 40, "a" * 5000, "[" * 5000)
_EDGES = ("..", ".", "\x00", "\n", "%00", "é", "job", "-1", "1e400", "", *_LONG)
_numbers = st.sampled_from([0, -1, 2**31, 2**63, 2**64, 10**400, 1e308, -0.0, float("nan"), float("inf")])

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=30) | st.sampled_from(_EDGES)
values = st.recursive(
    st.none() | st.booleans() | _numbers | st.integers() | st.text(st.characters(), max_size=30) | texts,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(texts, inner, max_size=3),
    max_leaves=10,
)
"""What ``json.dumps`` writes; lone surrogates, infinities and numbers beyond every type among it."""


def changed(good: dict[str, Any], values: st.SearchStrategy[Any]) -> st.SearchStrategy[dict[str, Any]]:
    """Return something good with some of it changed: what is made from the description alone seldom gets so far."""
    changes = st.dictionaries(st.sampled_from([*good, "added"]) | texts, values, max_size=3)
    return st.builds(lambda change: {**good, **change}, changes)
