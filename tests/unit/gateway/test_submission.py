"""What a caller writes becomes one canonical analysis, or the full list of what is wrong."""

from typing import Any

import pytest

from gateway.submission import Submission, SubmissionRefused, read_analysis
from mesh.contracts import Analysis
from mesh.errors import InvalidParameter, InvalidRequest, InvalidSelection, UnknownInstrument, UnknownProduct

_TIME = {"t1": "2018-10-29T00:00:00", "t2": "2018-10-30T00:00:00"}
_SCWS = {"scws": ["201600270010"]}


def _find_products(name: str, value: Any) -> Any:
    return value


def _read(selection: dict[str, Any], **fields: Any) -> Analysis:
    body = {"instrument": "isgri", "product": "isgri_image", "selection": selection, **fields}
    return read_analysis(Submission.model_validate(body), _find_products)


def _refused(selection: dict[str, Any], **fields: Any) -> tuple[InvalidRequest, ...]:
    with pytest.raises(SubmissionRefused) as caught:
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


def test_lane_and_user_are_no_part_of_the_analysis() -> None:
    assert _read(_SCWS).key == _read(_SCWS, lane="batch", user="someone").key


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
        ({"scws": ["20160027001x"]}, "selection.scws[0]", "other signs than digits"),
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
        ({"time": _TIME, "max_pointings": 0}, "selection.max_pointings", "below 1"),
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


def test_a_thousand_bad_windows_do_not_flood_the_answer() -> None:
    assert len(_refused({"scws": [f"{number}" for number in range(1000)]})) == 20
