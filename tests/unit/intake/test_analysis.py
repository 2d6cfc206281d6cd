"""What a caller writes becomes one canonical analysis, or the full list of what is wrong."""

from typing import Any

import pytest

from mesh.contracts import Analysis
from mesh.errors import InvalidParameter, InvalidRequest, InvalidSelection, UnknownInstrument, UnknownProduct
from mesh.intake import Limits, Wish
from mesh.intake.analysis import read_analysis
from mesh.intake.errors import WishRefused
from mesh.parameters import Parameter

_TIME = {"t1": "2018-10-29T00:00:00", "t2": "2018-10-30T00:00:00"}
_SCWS = {"scws": ["201600270010"]}
_LIMITS = Limits()


def _find_products(_name: str, value: Any, _parameter: Parameter) -> Any:
    return value


def _read(selection: dict[str, Any], **fields: Any) -> Analysis:
    body = {"instrument": "isgri", "product": "isgri_image", "selection": selection, **fields}
    return read_analysis(Wish.model_validate(body), _find_products, _LIMITS)


def _refused(selection: dict[str, Any], **fields: Any) -> tuple[InvalidRequest, ...]:
    with pytest.raises(WishRefused) as caught:
        _read(selection, **fields)
    return caught.value.errors


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ({"scws": ["201600280010", "201600270010"]}, {"scws": [" 201600270010", "201600280010", "201600280010"]}),
        ({"time": _TIME}, {"time": {"t1": "2018-10-29T00:00:00.000Z", "t2": "2018-10-30T01:00:00+01:00"}}),
        (
            {"time": _TIME, "cone": {"ra": 360, "dec": -29, "radius": 10}},
            {"time": _TIME, "cone": {"ra": 0.0, "dec": -29.0, "radius": 10.0}},
        ),
    ],
    ids=["order and repetition", "zone and zeros", "numbers"],
)
def test_equal_selections_have_the_same_key(one: dict[str, Any], other: dict[str, Any]) -> None:
    assert _read(one).key == _read(other).key


def test_defaults_are_filled_in_so_that_naming_them_changes_nothing() -> None:
    assert _read(_SCWS).key == _read(_SCWS, parameters={"bands": [[20.0, 40]], "detection_threshold": "6"}).key


def test_the_lane_is_no_part_of_the_analysis() -> None:
    assert _read(_SCWS).key == _read(_SCWS, lane="batch").key


def test_another_band_is_another_analysis() -> None:
    assert _read(_SCWS).key != _read(_SCWS, parameters={"bands": [[20, 41]]}).key


def test_times_keep_their_milliseconds() -> None:
    read = _read({"time": {"t1": "2018-10-29T00:00:00.250", "t2": "2018-10-29T00:00:01"}}).selection.time
    assert read is not None
    assert (read.t1, read.t2) == ("2018-10-29T00:00:00.25", "2018-10-29T00:00:01")


@pytest.mark.parametrize(
    ("selection", "field", "said"),
    [
        ({}, "selection", "either scws"),
        ({"time": _TIME, **_SCWS}, "selection", "either scws"),
        ({"scws": []}, "selection.scws", "empty"),
        ({"scws": ["201600270010", "20160027001"]}, "selection.scws[1]", "11 digits"),
        ({"scws": ["20160027001x"]}, "selection.scws[0]", "other characters than digits"),
        ({**_SCWS, "max_pointings": 3}, "selection.max_pointings", "leave it out"),
        ({**_SCWS, "cone": {"ra": 1, "dec": 1, "radius": 1}}, "selection.cone", "leave it out"),
        ({"time": {"t1": _TIME["t2"], "t2": _TIME["t1"]}}, "selection.time", "not before"),
        ({"time": {"t1": _TIME["t1"], "t2": _TIME["t1"]}}, "selection.time", "not before"),
        (
            {"time": {"t1": "yesterday", "t2": _TIME["t2"]}},
            "selection.time.t1",
            "is not a UTC time; allowed: UTC in ISO form",
        ),
        (
            {"time": {"t1": _TIME["t1"], "t2": "58420.5"}},
            "selection.time.t2",
            "is not a UTC time; allowed: UTC in ISO form",
        ),
        ({"time": _TIME, "cone": {"ra": 360.5, "dec": 0, "radius": 1}}, "selection.cone.ra", "0 to 360 deg"),
        ({"time": _TIME, "cone": {"ra": float("nan"), "dec": 0, "radius": 1}}, "selection.cone.ra", "0 to 360 deg"),
        ({"time": _TIME, "cone": {"ra": 0, "dec": -91, "radius": 1}}, "selection.cone.dec", "-90 to 90 deg"),
        ({"time": _TIME, "cone": {"ra": 0, "dec": 0, "radius": 0}}, "selection.cone.radius", "above 0 to 180 deg"),
        ({"time": _TIME, "max_pointings": 0}, "selection.max_pointings", "out of range"),
    ],
)
def test_bad_selections_name_the_field_and_what_is_allowed(selection: dict[str, Any], field: str, said: str) -> None:
    (error,) = _refused(selection)
    assert isinstance(error, InvalidSelection)
    assert error.field == field
    assert said in error.text
    assert error.allowed


def test_all_errors_come_at_once() -> None:
    bad = {"bands": [[5, 40]], "detection_threshold": 3, "energy": 20}
    errors = _refused({"scws": ["1", "2"]}, parameters=bad)
    assert [error.field for error in errors] == [
        "parameters.energy",
        "parameters.bands[0]",
        "parameters.detection_threshold",
        "selection.scws[0]",
        "selection.scws[1]",
    ]


def test_an_energy_band_outside_the_range_names_the_range() -> None:
    (error,) = _refused(_SCWS, parameters={"bands": [[20, 40], [40, 2000]]})
    assert isinstance(error, InvalidParameter)
    assert error.field == "parameters.bands[1]"
    assert error.allowed is not None
    assert "1000 keV" in error.allowed


def test_unknown_instrument_and_product_list_the_known_ones() -> None:
    (instrument,) = _refused(_SCWS, instrument="spi")
    (product,) = _refused(_SCWS, product="isgri_picture")
    assert isinstance(instrument, UnknownInstrument)
    assert isinstance(product, UnknownProduct)
    assert "isgri" in (instrument.allowed or "")
    assert "isgri_image" in (product.allowed or "")


@pytest.mark.parametrize(
    ("instrument", "product", "selection", "field"),
    [
        ("isgri", "isgri_image", {"scws": ["201600270010", "201600280010", "201600290010"]}, "selection.scws"),
        ("spiacs", "lc", {"time": {"t1": "2018-10-29T00:00:00", "t2": "2018-10-29T03:00:01"}}, "selection.time"),
    ],
)
def test_a_request_has_so_many_windows_at_most(
    instrument: str, product: str, selection: dict[str, Any], field: str
) -> None:
    wish = Wish.model_validate({"instrument": instrument, "product": product, "selection": selection})
    with pytest.raises(WishRefused, match="in several requests") as caught:
        read_analysis(wish, _find_products, Limits(windows=2))
    assert [(error.field, error.allowed) for error in caught.value.errors] == [(field, "at most 2")]


def test_time_outside_of_the_operation_counts_for_nothing() -> None:
    time = {"t1": "2017-04-01T23:50:00", "t2": "9998-01-01T00:00:00"}
    wish = Wish.model_validate({"instrument": "polar", "product": "polar_lc", "selection": {"time": time}})
    assert read_analysis(wish, _find_products, Limits(windows=2)).instrument == "polar"


def test_a_time_before_the_launch_is_refused_at_once() -> None:
    time = {"t1": "2015-09-14T09:50:00", "t2": "2015-09-14T09:51:00"}
    wish = Wish.model_validate({"instrument": "polar", "product": "polar_lc", "selection": {"time": time}})
    with pytest.raises(WishRefused, match="POLAR took data from 2016-09-15 to 2017-04-01"):
        read_analysis(wish, _find_products, _LIMITS)


def _deep(levels: int) -> Any:
    return [] if levels == 0 else [_deep(levels - 1)]


@pytest.mark.parametrize("value", [_deep(17), "\ud800", ["a", {"\udfff": 1}]], ids=["deep", "text", "name"])
def test_what_no_document_can_hold_is_refused(value: Any) -> None:
    (error,) = _refused(_SCWS, parameters={"bands": value})
    assert error.field == "parameters.bands"
    assert "deeper" in error.text or "not Unicode" in error.text


def test_of_an_unknown_product_the_selection_is_read_too() -> None:
    assert [error.field for error in _refused({"scws": []}, product="nothing")] == ["product", "selection.scws"]


def test_a_thousand_bad_windows_do_not_flood_the_answer() -> None:
    assert len(_refused({"scws": [f"{number}" for number in range(1000)]})) == 20
