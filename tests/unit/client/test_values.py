"""What Python programs hold becomes JSON; what cannot is refused with the parameter's name."""

import json
import subprocess
import sys
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import astropy.units as u
import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.table import QTable, Table

from odamesh.errors import WrongValue
from odamesh.values import parameter


@pytest.mark.parametrize(
    ("value", "kind", "sent"),
    [
        (np.float32(0.5), "number", 0.5),
        (np.int64(3), "integer", 3),
        (np.bool_(True), "boolean", True),
        (35 * u.keV, "number", "35.0 keV"),
        (2, "choice", "2"),
        (np.int64(2), "choice", "2"),
        ("a", "labels", ["a"]),
        (np.array(["a", "b"]), "labels", ["a", "b"]),
        ((20, 40), "bands", [[20, 40]]),
        (np.array([20, 40]), "bands", [[20, 40]]),
        ([(20, 40), (40, 80)], "bands", [[20, 40], [40, 80]]),
        (np.array([[20, 40], [40, 80]]), "bands", [[20, 40], [40, 80]]),
        (["20-40", "40-80 keV"], "bands", [["20", "40"], ["40 keV", "80 keV"]]),
        ("20-40", "bands", "20-40"),
        ((20 * u.keV, 0.04 * u.MeV), "bands", [["20.0 keV", "0.04 MeV"]]),
        ([20, 40] * u.keV, "bands", [["20.0 keV", "40.0 keV"]]),
        (SimpleNamespace(id="1234"), "products", ["1234"]),
        ([SimpleNamespace(id="1234"), "5678"], "products", ["1234", "5678"]),
        ({"a": np.float64(1.0)}, "", {"a": 1.0}),
        (None, "text", None),
    ],
    ids=str,
)
def test_what_is_sent(value: Any, kind: str, sent: Any) -> None:
    found = parameter("x", value, kind)
    assert found == sent
    assert json.loads(json.dumps(found)) == sent


_SOURCES = [{"name": "GX 1+4", "ra": 263.0, "dec": -24.75}, {"name": "Crab", "ra": 83.63, "dec": 22.01}]


@pytest.mark.parametrize(
    "value",
    [
        _SOURCES,
        Table(rows=_SOURCES),
        Table({"SRC_NAMES": ["GX 1+4", "Crab"], "RA_OBJ": [263.0, 83.63] * u.deg, "DEC_OBJ": [-24.75, 22.01] * u.deg}),
        {"GX 1+4": (263.0, -24.75), "Crab": SkyCoord(83.63, 22.01, unit="deg")},
        [("GX 1+4", "17:32:00 -24:45:00"), {"name": "Crab", "position": (83.63, 22.01)}],
    ],
    ids=["list", "table", "table of a mosaic", "mapping", "pairs"],
)
def test_catalogues(value: Any) -> None:
    found = parameter("catalogue", value, "catalogue")
    assert [entry["name"] for entry in found] == ["GX 1+4", "Crab"]
    for entry, true in zip(found, _SOURCES, strict=True):
        assert (entry["ra"], entry["dec"]) == pytest.approx((true["ra"], true["dec"]), abs=1e-6)


@pytest.mark.parametrize(
    "table",
    [
        Table({"name": ["GX 1+4", "Crab"], "ra": [263.0 / 15, 83.63 / 15] * u.hourangle, "dec": [-24.75, 22.01]}),
        QTable(
            {"name": ["GX 1+4", "Crab"], "ra": [263.0 / 15, 83.63 / 15] * u.hourangle, "dec": [-24.75, 22.01] * u.deg}
        ),
        QTable({"name": ["GX 1+4", "Crab"], "place": SkyCoord([263.0, 83.63], [-24.75, 22.01], unit="deg").galactic}),
        Table({"MAIN_ID": ["GX 1+4", "Crab"], "RA": ["17 32 00", "05 34 31.2"], "DEC": ["-24 45 00", "+22 00 36"]}),
    ],
    ids=["hours", "quantities", "coordinates", "sexagesimal"],
)
def test_units_and_coordinates_of_tables_count(table: Table) -> None:
    test_catalogues(table)


def test_a_masked_place_is_named() -> None:
    table = Table({"name": ["a", "b"], "ra": [1.0, 2.0], "dec": [1.0, 2.0]}, masked=True)
    table["ra"].mask[1] = True
    with pytest.raises(WrongValue, match="row 2: nothing is no right ascension"):
        parameter("catalogue", table, "catalogue")


@pytest.mark.parametrize("kind", ["fits", "votable", "binary votable", "ascii.ecsv", "csv", "json", "reg"])
@pytest.mark.parametrize("given", [str, Path])
def test_a_file_is_a_catalogue(tmp_path: Path, kind: str, given: type) -> None:
    endings = {"ascii.ecsv": "ecsv", "binary votable": "vot", "votable": "xml"}
    file = tmp_path / f"sources.{endings.get(kind, kind)}"
    if kind == "json":
        file.write_text(json.dumps(_SOURCES))
    elif kind == "reg":
        file.write_text(
            "fk5\n" + "".join(f"circle({s['ra']},{s['dec']},1') # text={{{s['name']}}}\n" for s in _SOURCES)
        )
    elif kind == "binary votable":
        Table(rows=_SOURCES).write(file, format="votable", tabledata_format="binary2")
    else:
        Table(rows=_SOURCES).write(file, format=kind)
    test_catalogues(given(file))


def test_a_file_that_is_not_there_is_named() -> None:
    with pytest.raises(WrongValue, match=r"nowhere\.fits"):
        parameter("catalogue", "nowhere.fits", "catalogue")
    assert parameter("catalogue", "reference", "catalogue") == "reference"


@pytest.mark.parametrize(
    ("value", "kind", "said"),
    [
        (float("nan"), "number", r"parameters\.x: nan"),
        (np.array([1.0, np.inf]), "", r"parameters\.x\[1\]: inf"),
        (object(), "number", r"parameters\.x: a value of type builtins\.object"),
        ([b"bytes"], "labels", r"parameters\.x\[0\]"),
        ({"a": {1, object()}}, "", r"parameters\.x\.a"),
        ([("GX 1+4", "nowhere")], "catalogue", r"parameters\.x\[0\]"),
        ([3], "catalogue", r"parameters\.x\[0\]: a source has a name"),
        (Table({"ra": [1.0]}), "catalogue", r"parameters\.x: it has no columns for name, ra and dec"),
    ],
)
def test_what_cannot_be_sent_names_the_parameter(value: Any, kind: str, said: str) -> None:
    with pytest.raises(WrongValue, match=said):
        parameter("x", value, kind)


def test_the_client_imports_no_science_library() -> None:
    program = (
        "import sys, odamesh, odamesh.command; "
        "print(*(name for name in ('numpy', 'astropy', 'matplotlib', 'pandas', 'infra', 'services', 'gateway', 'redis')"
        " if name in sys.modules))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert run.stdout.strip() == ""
