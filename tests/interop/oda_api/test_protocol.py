"""What the real client needs of the states, errors and spellings of the protocol."""

import ast
import json
import os
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from threading import Lock
from typing import Any

import httpx
import pytest
from oda_api.api import RemoteException, RequestNotUnderstood, Unauthorized

from infra.stack import mesh_processes
from odamesh import Mesh
from tests.integration.mesh.windows import EMPTY, GALACTIC_CENTRE, TRUNCATED
from tests.interop.oda_api.conftest import Client

WINDOWS = [f"{scw}.001" for scw in GALACTIC_CENTRE]
IMAGE = {"instrument": "isgri", "product": "isgri_image", "silent": True}


def _raw(**arguments: Any) -> httpx.Response:
    url = f"http://127.0.0.1:{os.environ['ODAMESH_GATEWAY_PORT']}/run_analysis"
    base: dict[str, Any] = {
        "instrument": "isgri",
        "product_type": "isgri_image",
        "query_status": "new",
        "session_id": "A" * 16,
    }
    return httpx.get(url, params=base | arguments, timeout=60)


def _job_id(**arguments: Any) -> str:
    answer = _raw(**arguments)
    assert answer.status_code == 200, answer.text
    return str(answer.json()["job_monitor"]["job_id"])


def test_instruments_products_and_parameters_are_described(client: Client) -> None:
    one = client()
    assert set(one.get_instruments_list()) == {"isgri", "jemx", "polar", "spi_acs"}
    described = one.get_product_description("isgri", "isgri_image")
    assert described[0][1] == {
        "prod_dict": {name: f"{name}_query" for name in ("isgri_image", "isgri_spectrum", "isgri_lc", "spectral_fit")}
    }
    queries = [query[0]["query_name"] for query in described[0][2:]]
    assert queries == ["src_query", "isgri_parameters", "isgri_image_query"]
    assert len(one.get_instrument_description("jemx")[0]) == 4 + 4


@pytest.mark.parametrize("path", ["/", "/dispatch-data", "/dispatch-data/"])
def test_the_base_address_may_have_a_prefix_and_a_slash(client: Client, path: str) -> None:
    assert "isgri" in client(path).get_instruments_list()


@pytest.mark.usefixtures("mesh")
def test_equal_arguments_are_one_job_and_anagrams_are_not() -> None:
    spellings = [
        _job_id(scw_list=WINDOWS[:1], E1_keV=30, E2_keV=50),
        _job_id(scw_list=WINDOWS[0], E1_keV="30.0", E2_keV="5e1"),
        _job_id(scw_list=json.dumps(WINDOWS[:1]), E1_keV="3e1", E2_keV="50"),
        _job_id(scw_list=WINDOWS[:1], E1_keV=30, E2_keV=50, T1="\x00", radius="\x00", session_id="B" * 16),
    ]
    assert len(set(spellings)) == 1
    anagrams = {
        _job_id(RA=ra, DEC=dec, T1=t1, T2="2017-08-01T00:00:00", max_pointings=1)
        for ra, dec, t1 in (
            (25, 52, "2017-03-06T00:00:00"),
            (52, 25, "2017-03-06T00:00:00"),
            (25, 52, "2017-06-03T00:00:00"),
        )
    }
    assert len(anagrams) == 3


@pytest.mark.usefixtures("mesh")
def test_a_form_and_an_address_are_one_job() -> None:
    url = f"http://127.0.0.1:{os.environ['ODAMESH_GATEWAY_PORT']}//run_analysis"
    data = {
        "instrument": "isgri",
        "product_type": "isgri_image",
        "query_status": "new",
        "scw_list": WINDOWS[:2],
        "E1_keV": "30",
    }
    posted = httpx.post(url, data=data, timeout=60).json()["job_monitor"]["job_id"]
    assert posted == _job_id(scw_list=WINDOWS[:2], E1_keV=30)


def test_five_clients_at_once_run_the_analysis_once(
    client: Client, mesh: Mesh, monkeypatch: pytest.MonkeyPatch
) -> None:
    # The client reads answers with it, and Python 3.11 counts how deep it is for all threads together (gh-106905).
    one_at_a_time, literal = Lock(), ast.literal_eval

    def read(text: Any) -> Any:
        with one_at_a_time:
            return literal(text)

    monkeypatch.setattr(ast, "literal_eval", read)
    asked = {**IMAGE, "scw_list": WINDOWS[:3], "E1_keV": 23.0, "E2_keV": 47.0}
    with ThreadPoolExecutor(5) as pool:
        answers = list(pool.map(lambda one: one.get_product(**asked), [client() for _ in range(5)]))
    assert len({len(one.dispatcher_catalog_1.table) for one in answers}) == 1
    assert len({one.request_job_id for one in answers}) == 1
    assert mesh.job(answers[0].request_job_id).view.face == "oda"


def test_polling_by_hand(client: Client) -> None:
    one = client(wait=False)
    found = one.get_product(**IMAGE, scw_list=WINDOWS[:2], E1_keV=21.0, E2_keV=43.0)
    known = one.job_id
    end = time.monotonic() + 120
    while found is None and time.monotonic() < end:
        found = one.poll()
        assert one.job_id == known
        assert one.query_status in {"submitted", "progress", "done"}
    assert one.query_status == "done"
    messages = {entry["message"] for entry in one.response_json["job_monitor"]["full_report_dict_list"]}
    assert messages <= {"main done", "restored from cache"}
    products = one.response_json["products"]
    assert products["input_prod_list"] == WINDOWS[:2]
    assert products["analysis_parameters"]["E1_keV"] == "21.0"
    assert "get_product" in products["api_code"]


def test_bad_windows_are_told_in_the_comment(client: Client, capsys: pytest.CaptureFixture[str]) -> None:
    one = client()
    one.get_product(**IMAGE, scw_list=[*WINDOWS[:2], f"{TRUNCATED}.001", f"{EMPTY}.001"], E1_keV=20.0, E2_keV=40.0)
    comment = one.response_json["exit_status"]["comment"]
    assert "Partial result" in comment
    assert TRUNCATED in comment
    capsys.readouterr()


def test_a_job_without_any_good_window_fails_with_its_reason(client: Client) -> None:
    with pytest.raises(RemoteException, match="damaged or truncated"):
        client().get_product(**IMAGE, scw_list=[f"{EMPTY}.001"], E1_keV=20.0, E2_keV=40.0)


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({"E1_keV": 1.0}, "energy range is restricted to 15"),
        ({"E1_keV": 40.0, "E2_keV": 20.0}, "below E2_keV"),
        ({"T1": "yesterday"}, "cannot be read as isot"),
        ({"T1": "57818.5", "T_format": "fortnights"}, "not a known format"),
        ({"T1": "2017-03-07T00:00:00", "T2": "2017-03-06T00:00:00"}, "not before"),
        ({"scw_list": "066500330010 066500340010"}, "no science window"),
        ({"RA": "east"}, "not a number"),
        ({"detection_threshold": "nan"}, "out of range"),
        ({"selected_catalog": "{"}, "no catalogue"),
        ({"max_pointings": 0}, "whole number"),
    ],
)
def test_bad_values_are_not_understood(client: Client, arguments: dict[str, object], words: str) -> None:
    with pytest.raises(RequestNotUnderstood, match=words):
        client().get_product(**IMAGE, **arguments)


@pytest.mark.parametrize(
    "arguments",
    [{"scw_list": ["066500330010.000"]}, {"integral_data_rights": "all-private"}],
)
def test_what_the_archive_does_not_give_is_forbidden(client: Client, arguments: dict[str, object]) -> None:
    with pytest.raises(Unauthorized, match="archive"):
        client().get_product(**IMAGE, **arguments)


@pytest.mark.filterwarnings("ignore:parameter check not available:UserWarning")
def test_unknown_names_are_not_understood(client: Client) -> None:
    with pytest.raises(RequestNotUnderstood, match="it has: isgri_image"):
        client().get_product(instrument="isgri", product="isgri_movie", silent=True)
    with pytest.raises(RequestNotUnderstood, match="known: isgri"):
        client().get_product(instrument="omc", product="omc_image", silent=True)
    with pytest.raises(RequestNotUnderstood, match="is not known"):
        one = client()
        one.parameters_dict = {"instrument": "isgri", "product_type": "isgri_image", "session_id": "A" * 16}
        one.job_id, one.query_status = "0" * 32, "progress"
        one.poll()


@pytest.mark.filterwarnings("ignore:(?s).*the parameter. colour:UserWarning")
def test_an_unknown_argument_is_a_comment(client: Client) -> None:
    one = client()
    one.get_product(**IMAGE, scw_list=WINDOWS[:2], E1_keV=20.0, E2_keV=40.0, colour="red")
    assert "argument colour is not used" in one.response_json["exit_status"]["comment"]


def test_a_service_killed_on_the_way_costs_the_client_nothing(client: Client, mesh: Mesh) -> None:
    one = client(wait=False)
    one.get_product(**IMAGE, scw_list=WINDOWS, E1_keV=25.0, E2_keV=61.0)
    victim = next(row.pid for row in mesh_processes.status() if row.name == "isgri")
    assert victim
    os.kill(victim, signal.SIGKILL)
    found = None
    end = time.monotonic() + 240
    while found is None and time.monotonic() < end:
        found = one.poll()
    assert found is not None
    assert mesh.job(one.job_id).view.partial is False


def test_the_state_of_jobs_can_be_inspected(client: Client) -> None:
    one = client()
    found = one.get_product(**IMAGE, scw_list=WINDOWS[:2], E1_keV=20.0, E2_keV=40.0)
    listed = one.inspect_state()["records"]
    mine = next(record for record in listed if record["job_id"] == found.request_job_id)
    assert mine["request_completed"] is True
    grouped = one.inspect_state(job_id=found.request_job_id, group_by_job=True)["records"]
    assert grouped[0]["job_status_data"][0]["scratch_dir_fn"].startswith("scratch_sid_")
