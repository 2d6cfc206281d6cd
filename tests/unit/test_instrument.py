"""Instrument files: what they declare is what a caller may ask, and every refusal says what to do."""

from pathlib import Path

import pytest

from mesh.errors import ContractViolation, InvalidParameter, UnknownInstrument, UnknownParameter, UnknownProduct
from mesh.instrument import INSTRUMENT_FILE, ROOT, read_instrument
from mesh.instruments import instrument
from mesh.parameters import Parameter

ISGRI = instrument("isgri")
_ISGRI_FILE = ROOT / "services" / "isgri" / INSTRUMENT_FILE


def test_defaults_are_filled_in() -> None:
    assert ISGRI.canonical_parameters("isgri_image", {}) == {
        "bands": [[20.0, 40.0]],
        "detection_threshold": 6.0,
        "catalogue": "reference",
        "burst_search": False,
        "background": "epoch",
    }


def test_spelling_of_a_value_does_not_matter() -> None:
    assert ISGRI.canonical_parameters("isgri_image", {"bands": "40-80, 20-40"}) == ISGRI.canonical_parameters(
        "isgri_image", {"bands": [[20, 40], [40, 80.0]]}
    )


@pytest.mark.parametrize(
    ("given", "field", "allowed"),
    [
        ({"bands": [[10, 40]]}, "parameters.bands[0]", "15 <= low"),
        ({"bands": [[20, 40], [60, 40]]}, "parameters.bands[1]", "low < high"),
        ({"bands": [[20, float("nan")]]}, "parameters.bands[0]", "keV"),
        ({"bands": [["20 furlong", 40]]}, "parameters.bands[0]", "keV"),
        ({"bands": []}, "parameters.bands", "list"),
        ({"detection_threshold": 3}, "parameters.detection_threshold", "from 4 to 50 sigma"),
        ({"detection_threshold": True}, "parameters.detection_threshold", "number"),
        ({"catalogue": "mine"}, "parameters.catalogue", "reference, none"),
        ({"catalogue": [{"name": "a", "ra": 400, "dec": 0}]}, "parameters.catalogue[0]", "0-360"),
        ({"catalogue": [{"name": "a", "ra": 4, "dec": 0}] * 2}, "parameters.catalogue", "list"),
        ({"burst_search": "perhaps"}, "parameters.burst_search", "true or false"),
    ],
)
def test_bad_values_name_field_and_range(given: dict[str, object], field: str, allowed: str) -> None:
    with pytest.raises(InvalidParameter) as caught:
        ISGRI.canonical_parameters("isgri_image", given)
    assert caught.value.field == field
    assert allowed in str(caught.value.allowed)


def test_numbers_may_carry_a_unit_of_the_same_kind() -> None:
    given = {"bands": [["20 keV", "0.04 MeV"]], "detection_threshold": "7 sigma"}
    parameters = ISGRI.canonical_parameters("isgri_image", given)
    assert parameters["bands"] == [[20.0, 40.0]]
    assert parameters["detection_threshold"] == 7.0


def test_an_unknown_unit_lists_the_known_ones() -> None:
    with pytest.raises(InvalidParameter, match=r"'s' is no unit .*eV, keV, MeV"):
        ISGRI.canonical_parameters("isgri_image", {"bands": [["20 s", 40]]})


def test_unknown_names_list_the_known_ones() -> None:
    with pytest.raises(UnknownInstrument, match="isgri"):
        instrument("spy")
    with pytest.raises(UnknownProduct, match="isgri_image"):
        ISGRI.product("isgri_movie")
    with pytest.raises(UnknownParameter, match="bands"):
        ISGRI.canonical_parameters("isgri_image", {"band": 1})


@pytest.mark.parametrize(
    ("old", "new", "complaint"),
    [
        ('parameters = ["bands",', 'parameters = ["bnads",', "undeclared parameters"),
        ('needs = ["image"]', 'needs = ["picture"]', "unknown stages"),
        ('stages = ["epoch_background", "epoch_map", "image", "mosaic"]', 'stages = ["movie"]', "unknown stages"),
        ("[epochs]", "[eras]", "eras: there is no such key"),
        (
            'only_for = { background = "epoch" }',
            'only_for = { backgrund = "epoch" }',
            "undeclared parameter 'backgrund'",
        ),
        (
            "detection_threshold = 6,",
            "detection_threshold = 600,",
            "stage epoch_background, value of detection_threshold",
        ),
        ("default = 6.0", "default = 600", "default of detection_threshold"),
        ("slots = 3", "slots = 0", r"limits\.slots: .*greater than or equal to 1, not 0"),
        ('title = "INTEGRAL', 'tilte = "INTEGRAL', "tilte: there is no such key"),
        ('title = "INTEGRAL IBIS/ISGRI"', "", "title: it is missing"),
        ('type = "boolean"', 'type = "bool"', r"parameters\.burst_search\.type: .*not 'bool'"),
        ("[limits]", "limits]", "line"),
        ('title = "INTEGRAL', 'name = "ISGRI"\ntitle = "INTEGRAL', "name: it is that of the folder"),
        ("libraries =", 'source = "here"\nlibraries =', r"image\.source: it follows from the folder"),
    ],
)
def test_a_wrong_file_says_where(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    text = _ISGRI_FILE.read_text(encoding="utf-8")
    assert old in text
    path = tmp_path / "isgri" / "instrument.toml"
    path.parent.mkdir()
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ContractViolation, match=rf"^isgri/instrument\.toml: .*{complaint}"):
        read_instrument(path)


def test_all_mistakes_of_a_file_are_told_at_once(tmp_path: Path) -> None:
    text = _ISGRI_FILE.read_text(encoding="utf-8").replace("slots = 3", "slots = 0").replace("cpus = 1.0", "cpus = 0")
    path = tmp_path / "isgri" / "instrument.toml"
    path.parent.mkdir()
    path.write_text(text, encoding="utf-8")
    with pytest.raises(ContractViolation, match=r"limits\.slots.*limits\.cpus"):
        read_instrument(path)


def test_products_of_earlier_jobs_are_named_by_their_keys() -> None:
    earlier = Parameter(type="products", default=[], help="products of earlier jobs")
    one, other = "1" * 64, "0" * 64
    assert earlier.canonical("earlier", one) == [one]
    assert earlier.canonical("earlier", [one, other, one]) == [other, one]
    with pytest.raises(InvalidParameter, match=r"parameters.earlier.0.: 'latest' is not the key"):
        earlier.canonical("earlier", ["latest"])
