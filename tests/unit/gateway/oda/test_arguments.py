"""What the arguments of the protocol come to, and which of them are refused."""

import json
from typing import Any

import httpx
import pytest

from gateway.oda.arguments import Arguments
from mesh.contracts import Analysis
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import call
from tests.unit.gateway.oda.test_run_analysis import ASKED, CATALOGUE

_SOURCES = {
    "cat_frame": "fk5",
    "cat_coord_units": "deg",
    "cat_lon_name": "ra",
    "cat_lat_name": "dec",
    "cat_column_names": ["meta_ID", "src_names", "significance", "ra", "dec"],
    "cat_column_list": [[3, 5, 8], ["A", "B", "C"], [9.0, None, 8.0], [10.0, 20.0, 30.0], [1.0, 2.0, 3.0]],
}


def _ask(gateway: Gateway, **arguments: Any) -> httpx.Response:
    return call(gateway.app, "GET", "/run_analysis", params=ASKED | arguments)


def _analysis(gateway: Gateway, **arguments: Any) -> Analysis:
    answer = _ask(gateway, **arguments)
    assert answer.status_code == 200, answer.text
    job = gateway.records.views[answer.json()["job_monitor"]["job_id"]]
    return gateway.records.analyses[job.request_key]


def _names(gateway: Gateway, **arguments: Any) -> list[str]:
    return [source["name"] for source in _analysis(gateway, **arguments).parameters["catalogue"]]


@pytest.mark.parametrize(
    ("ticked", "names"), [("", ["A", "B", "C"]), ("5", ["B"]), ("8, 3", ["A", "C"]), ("[8]", ["C"])]
)
def test_ticked_sources_of_a_catalogue_are_the_ones_that_count(gateway: Gateway, ticked: str, names: list[str]) -> None:
    asked = {"selected_catalog": json.dumps(_SOURCES), "catalog_selected_objects": ticked}
    assert sorted(_names(gateway, **asked)) == names
    shown = Arguments.of((ASKED | asked).items()).parameters()
    assert shown["catalog_selected_objects"] == ticked


def test_a_catalogue_of_a_file_counts_whole(gateway: Gateway) -> None:
    asked = ASKED | {"selected_catalog": json.dumps(_SOURCES), "catalog_selected_objects": "8"}
    files = {"user_catalog_file": ("sources.ecsv", CATALOGUE)}
    answer = call(gateway.app, "POST", "/run_analysis", data=asked, files=files)
    job = gateway.records.views[answer.json()["job_monitor"]["job_id"]]
    catalogue = gateway.records.analyses[job.request_key].parameters["catalogue"]
    assert [source["name"] for source in catalogue] == ["GX 1+4"]


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"catalog_selected_objects": "1,2"}, "no effect without selected_catalog"),
        ({"query_type": "Dummy"}, "what comes is the analysis of the data"),
    ],
)
def test_what_has_no_effect_is_a_comment(gateway: Gateway, arguments: dict[str, str], words: str) -> None:
    assert words in _ask(gateway, **arguments).json()["exit_status"]["comment"]


@pytest.mark.parametrize("number", ["1", "1.0", "1e0"])
def test_a_unit_of_jem_x_is_one_in_every_spelling(gateway: Gateway, number: str) -> None:
    asked = {"instrument": "jemx", "product_type": "jemx_image", "E1_keV": "3", "E2_keV": "20", "jemx_num": number}
    assert _analysis(gateway, **asked).parameters["jemx_num"] == "1"


@pytest.mark.parametrize("version", ["OSA10.2", "OSA11.2", "OSA11.2--fullbkg", "OSA10.2--fullbkg--rmfoffsetv1"])
def test_a_version_of_the_public_service_is_taken_and_has_no_effect(gateway: Gateway, version: str) -> None:
    answer = _ask(gateway, osa_version=version)
    assert answer.status_code == 200, answer.text
    assert f"osa_version {version} has no effect" in answer.json()["exit_status"]["comment"]


def test_the_highest_energy_is_that_of_the_protocol(gateway: Gateway) -> None:
    assert _analysis(gateway, E1_keV="15", E2_keV="800").parameters["bands"] == [[15.0, 800.0]]
    queries = call(gateway.app, "GET", "/api/meta-data", params={"instrument": "isgri"}).json()[0][2:]
    entry = next(entry for query in queries for entry in query if entry.get("name") == "E2_keV")
    assert (entry["restrictions"]["min_value"], entry["restrictions"]["max_value"]) == (15.0, 800.0)


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ({"E2_keV": "801"}, 400, "ISGRI energy range is restricted to 15 - 800 keV"),
        ({"instrument": "jemx", "product_type": "jemx_image", "E2_keV": "30", "jemx_num": "both"}, 400, "not a number"),
        ({"instrument": "jemx", "product_type": "jemx_image", "E2_keV": "30", "jemx_num": "3"}, 400, "allowed: 1, 2"),
        ({"osa_version": "OSA11.0"}, 400, "OSA11.2; it has what 11.0 and 11.1 had"),
        ({"osa_version": "OSA9.0"}, 400, "allowed: OSA10.2, OSA11.2"),
        ({"osa_version": "OSA11.2--rmfoffsetv1--fullbkg"}, 400, "in this order"),
        ({"osa_version": "OSA11.2--fullbkg--fullbkg"}, 400, "each once"),
        ({"osa_version": "OSA11.2-dev210827.0528-37487--fullbkg"}, 403, "under development"),
        ({"query_type": "dummy"}, 400, "allowed: Real, Dummy"),
        ({"integral_data_rights": "mine"}, 400, "allowed: public"),
        ({"integral_data_rights": "all-private"}, 403, "public data only"),
        ({"data_level": "raw"}, 400, "allowed: ordinary"),
        ({"data_level": "realtime"}, 403, "ordinary data only"),
        ({"selected_catalog": json.dumps(_SOURCES | {"cat_frame": "galactic"})}, 400, "frame 'galactic'"),
        ({"selected_catalog": json.dumps(_SOURCES), "catalog_selected_objects": "4"}, 400, "no meta_ID '4'"),
        ({"selected_catalog": json.dumps(_SOURCES).replace("[3, 5, 8]", "[1e400, 5, 8]")}, 200, ""),
        (
            {
                "selected_catalog": json.dumps(_SOURCES).replace("[3, 5, 8]", "[1e400, 5, 8]"),
                "catalog_selected_objects": "5",
            },
            400,
            "no catalogue",
        ),
        ({"selected_catalog": "[" * 5000}, 400, "no catalogue"),
        ({"scw_list": "[" * 5000}, 400, "begins like a JSON list"),
    ],
)
def test_what_cannot_be_had_says_what_can(gateway: Gateway, arguments: dict[str, str], status: int, words: str) -> None:
    answer = call(gateway.app, "POST", "/run_analysis", data=ASKED | arguments)
    assert answer.status_code == status, answer.text
    assert words in answer.json().get("error", "")
