"""What an analysis reads from its unit directory and reports back."""

import json

import numpy as np
import pytest

from mesh.kit import BadInput, Unit

from .conftest import MakeUnit

_INPUTS = [
    {"role": "image", "label": "201600270020.001", "files": ["isgri_sky.fits"]},
    {"role": "image", "label": "201600270010.001", "files": ["isgri_sky.fits", "preview.png"]},
    {"role": "events", "label": "201600270010.001", "files": ["isgri_events.fits.gz"]},
]


def test_unit_gives_its_parameters_and_inputs_sorted_by_label(make_unit: MakeUnit) -> None:
    unit = Unit(make_unit(inputs=_INPUTS))
    assert (unit.stage, unit.label, unit.parameters["bands"]) == ("window", "201600270010.001", [[20, 40]])
    images = unit.inputs("image")
    assert [entry.label for entry in images] == ["201600270010.001", "201600270020.001"]
    assert images[0].path("preview.png").read_text() == "201600270010.001 preview.png"
    assert unit.inputs("spectrum") == ()


def test_a_missing_file_names_those_that_are_there(make_unit: MakeUnit) -> None:
    (events,) = Unit(make_unit(inputs=_INPUTS)).inputs("events")
    with pytest.raises(BadInput, match=r"isgri_events\.fits\.gz") as caught:
        events.path("isgri_events.fits")
    assert caught.value.reason == "MissingFile"


@pytest.mark.parametrize("field", [{"schema": "odamesh.unitdir/2"}, {"parameters": None}, {"inputs": [{"role": "x"}]}])
def test_a_bad_unit_file_is_bad_input(make_unit: MakeUnit, field: dict[str, object]) -> None:
    if field.get("inputs"):
        directory = make_unit()
        content = json.loads((directory / "unit.json").read_text())
        (directory / "unit.json").write_text(json.dumps({**content, **field}))
    else:
        directory = make_unit(**field)
    with pytest.raises(BadInput) as caught:
        Unit(directory)
    assert caught.value.reason == "BadUnit"


def test_steps_are_on_disk_while_the_analysis_goes_on(make_unit: MakeUnit) -> None:
    directory = make_unit()
    unit = Unit(directory)
    with unit.step("events"):
        lines = (directory / "out" / "steps.jsonl").read_text().splitlines()
        assert [json.loads(line)["step"] for line in lines] == ["events"]
    with unit.step("gti"):
        pass
    unit.close()
    lines = (directory / "out" / "steps.jsonl").read_text().splitlines()
    assert [(json.loads(line)["step"], json.loads(line)["event"]) for line in lines] == [
        ("events", "begin"),
        ("events", "end"),
        ("gti", "begin"),
        ("gti", "end"),
    ]


def test_summary_takes_numpy_and_makes_nan_null(make_unit: MakeUnit) -> None:
    unit = Unit(make_unit())
    unit.summary(exposure_s=np.float32(1.5), flux=np.array([1.0, np.nan]), sources=[{"name": "Crab", "n": np.int64(2)}])
    assert unit.facts == {"exposure_s": 1.5, "flux": [1.0, None], "sources": [{"name": "Crab", "n": 2}]}
    with pytest.raises(TypeError, match="no plain form"):
        unit.summary(thing=object())


def test_the_same_warning_is_shown_once(make_unit: MakeUnit) -> None:
    unit = Unit(make_unit())
    unit.warn("low exposure")
    unit.warn("low exposure")
    assert unit.warnings == ["low exposure"]
