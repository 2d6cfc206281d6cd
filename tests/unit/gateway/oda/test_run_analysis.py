"""The protocol of oda_api on doubles: states, answers, and what becomes of errors."""

import json
from typing import Any

import httpx
import pytest

from mesh.errors import StoreUnavailable
from mesh.states import JobState, UnitState
from tests.unit.gateway.conftest import Gateway, gateway
from tests.unit.gateway.doubles import call, manifest, stage_product, unit_row
from tests.unit.gateway.guarded import Guarded

__all__ = ["gateway"]

WINDOW = "201600270010.001"
ASKED = {
    "instrument": "isgri",
    "product_type": "isgri_image",
    "query_type": "Real",
    "query_status": "new",
    "session_id": "A" * 16,
    "scw_list": WINDOW,
    "E1_keV": "20.0",
    "E2_keV": "40.0",
    "api": "True",
}


def _ask(gateway: Gateway, **arguments: Any) -> httpx.Response:
    return call(gateway.app, "GET", "/run_analysis", params=ASKED | arguments)


def _completed(gateway: Gateway, content: bytes = b'{"numpy_data_product_list":[]}') -> str:
    """Play a job to its end, and the conversion of its products."""
    job_id = str(_ask(gateway).json()["job_monitor"]["job_id"])
    product = stage_product("mosaic", "job", {"isgri_mosaic.fits": "0"})
    gateway.products.manifests[product.key] = manifest(product.key, {"isgri_mosaic.fits": "0"})
    gateway.records.plan(job_id, [WINDOW])
    gateway.records.move(job_id, unit_row("image", WINDOW, UnitState.DONE))
    gateway.records.finish(job_id, products=(product,), products_total=1)
    assert _ask(gateway).json()["query_status"] == "progress"
    export_id = next(one for one in gateway.records.views if one != job_id)
    written = stage_product("convert", "job", {"oda.json": "0"})
    gateway.products.files[written.key, "oda.json"] = content
    gateway.products.manifests[written.key] = manifest(written.key, {"oda.json": "0"})
    gateway.records.finish(export_id, run_id=export_id, products=(written,), products_total=1)
    return job_id


def test_a_new_request_is_a_job_like_any_other(gateway: Gateway) -> None:
    answer = _ask(gateway).json()
    assert answer["query_status"] == "submitted"
    assert answer["products"] == {}
    assert {"status", "message", "error_message", "debug_message", "comment"} <= set(answer["exit_status"])
    job = gateway.records.views[answer["job_monitor"]["job_id"]]
    assert (job.instrument, job.product, job.face) == ("isgri", "isgri_image", "oda")
    analysis = gateway.records.analyses[job.request_key]
    assert analysis.selection.scws == (WINDOW,)
    assert analysis.parameters["bands"] == [[20.0, 40.0]]


def test_products_are_converted_once_and_stand_in_the_answer(gateway: Gateway) -> None:
    job_id = _completed(gateway, b'{"numpy_data_product_list":[{"name":"mosaic_image"}]}')
    answer = _ask(gateway, query_status="progress", job_id=job_id).json()
    assert answer["query_status"] == "done"
    assert answer["products"]["numpy_data_product_list"] == [{"name": "mosaic_image"}]
    assert answer["products"]["analysis_parameters"]["E1_keV"] == "20.0"
    assert answer["products"]["input_prod_list"] == [WINDOW]
    assert answer["job_monitor"]["job_id"] == job_id
    assert len(gateway.records.views) == 2


def test_every_letter_of_a_finished_answer_can_be_read_by_the_client(gateway: Gateway) -> None:
    job_id = _completed(gateway)
    text = _ask(gateway, query_status="progress", job_id=job_id).text
    assert "NaN" not in text
    assert "Infinity" not in text
    assert json.loads(text)["products"]["prod_process_message"] == ""


def test_a_job_that_failed_says_why_and_the_next_request_is_a_new_attempt(gateway: Gateway) -> None:
    job_id = _ask(gateway).json()["job_monitor"]["job_id"]
    gateway.records.plan(job_id, [WINDOW])
    gateway.records.finish(job_id, JobState.ERROR, warnings=("no window has events",))
    failed = _ask(gateway, query_status="progress", job_id=job_id).json()
    assert (failed["query_status"], failed["products"]) == ("failed", {})
    assert failed["exit_status"]["message"] == "no window has events"
    again = _ask(gateway).json()
    assert again["query_status"] == "submitted"
    assert again["job_monitor"]["job_id"] != job_id


def test_a_product_that_was_removed_is_made_again(gateway: Gateway) -> None:
    job_id = _completed(gateway)
    gateway.records.views = {job_id: gateway.records.views[job_id]}
    gateway.products.manifests.clear()
    polled = _ask(gateway, query_status="progress", job_id=job_id).json()
    assert polled["query_status"] == "failed"
    assert "not there any more" in polled["exit_status"]["message"]
    assert _ask(gateway).json()["job_monitor"]["job_id"] != job_id


@pytest.mark.parametrize("lost", ["deleted", "removed"])
def test_a_conversion_that_is_gone_is_made_again(gateway: Gateway, lost: str) -> None:
    job_id = _completed(gateway)
    export_id = next(one for one in gateway.records.views if one != job_id)
    if lost == "deleted":
        gateway.records.deleted[export_id] = gateway.records.views[export_id].request_key
    else:
        del gateway.products.manifests[stage_product("convert", "job", {}).key]
    again = _ask(gateway, query_status="done", job_id=job_id).json()
    assert again["query_status"] == "progress"
    assert len(set(gateway.records.views) - {job_id, export_id}) == 1
    assert _ask(gateway).json()["job_monitor"]["job_id"] == job_id


def test_a_window_that_failed_is_reported_with_its_reason(gateway: Gateway) -> None:
    job_id = _ask(gateway).json()["job_monitor"]["job_id"]
    gateway.records.plan(job_id, [WINDOW, "201600280010.001"])
    gateway.records.move(job_id, unit_row("image", WINDOW, UnitState.CACHED))
    reports = _ask(gateway, query_status="submitted", job_id=job_id).json()["job_monitor"]["full_report_dict_list"]
    assert reports == [{"scwid": WINDOW, "node": "image", "message": "restored from cache"}]


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        ({"instrument": "omc"}, 400, "known: isgri"),
        ({"product_type": "movie"}, 400, "it has: isgri_image"),
        ({"E1_keV": "1e400"}, 400, "restricted"),
        ({"E1_keV": "nan"}, 400, "restricted"),
        ({"scw_list": "066500330010.000"}, 403, "near real time"),
        ({"scw_list": "[1,"}, 400, "begins like a JSON list"),
        ({"query_status": "progress"}, 400, "send its job_id"),
        ({"query_status": "progress", "job_id": "f" * 32}, 400, "is not known"),
        ({"query_status": "progress", "job_id": "../x"}, 400, "is not known"),
        ({"osa_version": "OSA 9"}, 400, "is no version"),
        ({"selected_catalog": "[]"}, 400, "no catalogue"),
        ({"selected_catalog": '{"cat_column_names": ["ra"], "cat_column_list": [[1]]}'}, 400, "no catalogue"),
    ],
)
def test_bad_arguments_have_a_status_that_the_client_knows(
    gateway: Gateway, arguments: dict[str, str], status: int, words: str
) -> None:
    response = _ask(gateway, **arguments)
    assert response.status_code == status
    assert words in response.json()["error"]
    assert words in response.json()["exit_status"]["message"]
    assert not gateway.records.views


@pytest.mark.parametrize(
    "other",
    [{"product_type": "isgri_lc"}, {"E1_keV": "21"}, {"scw_list": "201600280010.001"}, {"instrument": "jemx"}],
    ids=lambda other: next(iter(other)),
)
def test_the_job_of_other_parameters_is_not_told_for_these(gateway: Gateway, other: dict[str, str]) -> None:
    """Its products would be taken for those of the parameters that were sent."""
    job_id = _completed(gateway)
    if "instrument" in other:
        other = other | {"product_type": "jemx_image", "E2_keV": "30"}
    refused = _ask(gateway, query_status="progress", job_id=job_id, **other)
    assert refused.status_code == 403, refused.text
    assert "asked for with other parameters" in refused.json()["exit_status"]["message"]
    respelt = {"E1_keV": "2e1", "session_id": "B" * 16, "query_status": "progress", "job_id": job_id}
    assert _ask(gateway, **respelt).json()["query_status"] == "done"


def test_a_job_from_before_an_update_of_defaults_is_told_to_whoever_asked_for_it(gateway: Gateway) -> None:
    job_id = _completed(gateway)
    gateway.records.views[job_id] = gateway.records.views[job_id].model_copy(update={"request_key": "0" * 64})
    poll = {"query_status": "progress", "job_id": job_id}
    assert _ask(gateway, **poll).json()["query_status"] == "done"
    for other in ({"E1_keV": "21"}, {"use_scws": "no"}):
        assert _ask(gateway, **poll, **other).status_code == 403


def test_a_store_that_is_away_is_a_reason_to_come_again(gateway: Gateway) -> None:
    gateway.records.error = StoreUnavailable("Down", "redis at 10.0.0.1 does not answer")
    response = _ask(gateway)
    assert response.status_code == 503
    assert response.headers["Retry-After"] == "10"
    assert "10.0.0.1" not in response.text


def test_a_user_with_too_much_waiting_is_asked_to_come_again(gateway: Gateway) -> None:
    gateway.quota.load = gateway.quota.load._replace(jobs=10**6)
    assert _ask(gateway).status_code == 503


def test_the_token_is_kept_nowhere(gateway: Gateway) -> None:
    job_id = _ask(gateway, token="header.secret.signature").json()["job_monitor"]["job_id"]  # noqa: S106
    assert "secret" not in gateway.records.jobs[job_id].model_dump_json()


def test_a_body_of_another_kind_says_what_to_send(gateway: Gateway) -> None:
    response = call(gateway.app, "POST", "/run_analysis", json=ASKED)
    assert response.status_code == 400
    assert "x-www-form-urlencoded" in response.json()["error"]


@pytest.mark.parametrize("base", ["", "/", "/dispatch-data", "/dispatch-data/"])
def test_a_form_is_read_below_every_base_address(gateway: Gateway, base: str) -> None:
    response = call(gateway.app, "POST", f"http://gateway.test{base}/run_analysis", data=ASKED)
    assert response.status_code == 200
    assert response.json()["query_status"] == "submitted"


def test_a_form_may_carry_the_token_and_a_job_is_its_owners() -> None:
    guarded = Guarded()

    def ask(token: str | None, **arguments: Any) -> httpx.Response:
        given = {} if token is None else {"token": token}
        return call(guarded.app, "POST", "/run_analysis", data=ASKED | arguments | given)

    job_id = ask(guarded.tokens["ada"]).json()["job_monitor"]["job_id"]
    assert guarded.records.views[job_id].user == "ada"
    assert ask(guarded.tokens["bob"]).json()["job_monitor"]["job_id"] != job_id
    assert ask(guarded.tokens["bob"], query_status="submitted", job_id=job_id).status_code == 400
    assert ask(guarded.tokens["ada"], query_status="new").json()["job_monitor"]["job_id"] == job_id
    refused = ask("odt_nonsense")
    assert refused.status_code == 403
    assert refused.json()["exit_status"]["message"]


def test_what_the_door_refuses_has_the_words_of_the_protocol() -> None:
    guarded = Guarded()
    headers = {"Authorization": "Bearer nonsense"}
    for path in ("/run_analysis", "/dispatch-data//run_analysis"):
        refused = call(guarded.app, "GET", path, params=ASKED, headers=headers)
        assert refused.status_code == 403
        assert refused.json()["exit_status"]["message"] == refused.json()["error"]
    assert call(guarded.app, "GET", "/api/v1/jobs", headers=headers).status_code == 401


CATALOGUE = b"""# %ECSV 1.0
# ---
# datatype:
# - {name: name, datatype: string}
# - {name: ra, unit: deg, datatype: float64}
# - {name: dec, unit: deg, datatype: float64}
name ra dec
"GX 1+4" 263.009 -24.745
"""


def _posted(gateway: Gateway, files: dict[str, Any], **arguments: str) -> httpx.Response:
    sent = {name: value for name, value in ASKED.items() if name != "scw_list"}
    return call(gateway.app, "POST", "/run_analysis", data=sent | arguments, files=files)


def test_a_file_and_the_same_as_a_value_are_one_job(gateway: Gateway) -> None:
    files = {
        "user_scw_list_file": ("windows.txt", b"\xef\xbb\xbf# mine\nscw/2016/201600270010.001/swg.fits[1]\n"),
        "user_catalog_file": ("sources.ecsv", CATALOGUE),
    }
    answer = _posted(gateway, files, scw_list="066500330010.001")
    assert answer.status_code == 200, answer.text
    job = gateway.records.views[answer.json()["job_monitor"]["job_id"]]
    analysis = gateway.records.analyses[job.request_key]
    assert analysis.selection.scws == (WINDOW,)
    assert [source["name"] for source in analysis.parameters["catalogue"]] == ["GX 1+4"]
    columns = {"cat_column_names": ["src_names", "ra", "dec"], "cat_column_list": [["GX 1+4"], [263.009], [-24.745]]}
    assert _ask(gateway, selected_catalog=json.dumps(columns)).json()["job_monitor"]["job_id"] == job.job_id


def test_a_list_in_a_file_counts_only_where_the_form_says_so(gateway: Gateway) -> None:
    files = {"user_scw_list_file": ("windows.txt", b"201600280010.001")}
    for chosen, expected in (("form_list", (WINDOW,)), ("no", None), ("user_file", ("201600280010.001",))):
        answer = _posted(gateway, files, scw_list=WINDOW, use_scws=chosen).json()
        job = gateway.records.views[answer["job_monitor"]["job_id"]]
        assert gateway.records.analyses[job.request_key].selection.scws == expected


@pytest.mark.parametrize(
    ("field", "content", "words"),
    [
        ("user_scw_list_file", b"2016002700", "no science window"),
        ("user_scw_list_file", b"\xff\xfe\x00", "no text in UTF-8"),
        ("user_catalog_file", b"SIMPLE  = nonsense", "user_catalog_file"),
        ("user_catalog_file", b"\x1f\x8b damaged", "gzipped and damaged"),
        ("user_spectrum", b"x", "user_catalog_file and user_scw_list_file"),
    ],
)
def test_a_file_that_cannot_be_read_says_why(gateway: Gateway, field: str, content: bytes, words: str) -> None:
    answer = _posted(gateway, {field: ("mine.txt", content)})
    assert answer.status_code == 400
    assert words in answer.json()["error"]
    assert not gateway.records.views


@pytest.mark.parametrize(
    ("kind", "body"),
    [
        ("multipart/form-data", b"--b--"),
        ("multipart/form-data; boundary=b", b"--b\r\nContent-Disposition: form-data\r\n\r\nx\r\n--b--\r\n"),
        (
            "multipart/form-data; boundary=b; charset=klingon",
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--\r\n',
        ),
        (
            "multipart/form-data; boundary=b",
            b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n\xff\r\n--b--\r\n',
        ),
    ],
)
def test_a_broken_form_with_files_is_not_understood(gateway: Gateway, kind: str, body: bytes) -> None:
    answer = call(gateway.app, "POST", "/run_analysis", content=body, headers={"Content-Type": kind})
    assert answer.status_code == 400
    assert answer.json()["error"]


@pytest.mark.parametrize(
    ("taken", "coding"),
    [
        ("gzip, deflate", "gzip"),
        ("identity", None),
        ("gzip;q=0", None),
        ("*", "gzip"),
        ("br;q=1.0, gzip;q=0.5", "gzip"),
    ],
)
def test_answers_are_compressed_for_those_who_take_it(gateway: Gateway, taken: str, coding: str | None) -> None:
    numbers = ",".join(map(str, range(100_000)))
    job_id = _completed(gateway, f'{{"numpy_data_product_list":[{numbers}]}}'.encode())
    response = call(
        gateway.app,
        "GET",
        "/run_analysis",
        params=ASKED | {"query_status": "progress", "job_id": job_id},
        headers={"Accept-Encoding": taken},
    )
    assert response.headers.get("Content-Encoding") == coding
    assert response.headers["Vary"] == "Accept-Encoding"
    assert response.json()["products"]["numpy_data_product_list"] == list(range(100_000))
    assert response.num_bytes_downloaded < (400_000 if coding else 10**7)


def test_a_job_of_thousands_of_windows_tells_some_and_says_so(gateway: Gateway) -> None:
    job_id = _completed(gateway)
    labels = [f"{number:012d}.001" for number in range(5000)]
    gateway.records.tables[job_id] = {("image", label): unit_row("image", label, UnitState.DONE) for label in labels}
    view = gateway.records.views[job_id]
    gateway.records.views[job_id] = view.model_copy(update={"counts": {UnitState.DONE: 5000}, "total": 5000})
    answer = _ask(gateway, query_status="progress", job_id=job_id).json()
    assert len(answer["job_monitor"]["full_report_dict_list"]) == 2000
    assert "tells 2000 of 5000 units" in answer["exit_status"]["comment"]
    assert answer["products"]["input_prod_list"] == labels


@pytest.mark.parametrize(("site", "status"), [("cross-site", 403), ("same-site", 403), ("none", 200), (None, 200)])
def test_a_link_on_another_site_begins_no_job(site: str | None, status: int) -> None:
    guarded = Guarded()
    signed_in = guarded.call("POST", "/session", "ada").headers["Set-Cookie"].partition(";")[0]
    headers = {"Cookie": signed_in, **({"Sec-Fetch-Site": site} if site else {})}
    answer = call(guarded.app, "GET", "/dispatch-data/run_analysis", params=ASKED, headers=headers)
    assert answer.status_code == status
    assert [view.user for view in guarded.records.views.values()] == (["ada"] if status == 200 else [])
    assert answer.json()["exit_status"]["message"] if status == 403 else answer.json()["query_status"]
