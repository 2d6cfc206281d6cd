"""Jobs of a family: made, changed, started, waited for, cancelled, deleted; the same jobs as everywhere else."""

import asyncio
from dataclasses import replace
from typing import Any
from xml.etree import ElementTree

import httpx
import pytest

from gateway.application import create_app
from gateway.uws.waiting import changed
from gateway.wakeups import Bell
from mesh.contracts import CancelJob, DeleteJob, Document, Job, JobView
from mesh.intake import Limits
from mesh.states import JobState, UnitState
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import call, manifest, stage_product, unit_row

BASE = "/vo/isgri/isgri_image"
WINDOWS = {"SCWS": "201600270010,201600280010"}
_UWS = {"uws": "http://www.ivoa.net/xml/UWS/v1.0"}
_LABEL = "201600270010.001"


def ask(gateway: Gateway, method: str, path: str, **options: Any) -> httpx.Response:
    return call(gateway.app, method, f"{BASE}{path}", **options)


def parsed(answer: httpx.Response) -> ElementTree.Element:
    assert answer.status_code == 200, answer.text
    return ElementTree.fromstring(answer.content)  # noqa: S314


def id_of(answer: httpx.Response) -> str:
    """Return the id of the job to which an answer leads."""
    assert answer.status_code == 303, answer.text
    return answer.headers["Location"].rpartition("/")[2]


def make(gateway: Gateway, **sent: str) -> str:
    """Make a job and return its id."""
    return id_of(ask(gateway, "POST", "/async", data={**WINDOWS, **sent}))


def document(gateway: Gateway, job_id: str, rest: str = "") -> ElementTree.Element:
    return parsed(ask(gateway, "GET", f"/async/{job_id}{rest}"))


def told(root: ElementTree.Element, name: str) -> str:
    found = root.find(f".//uws:{name}", _UWS)
    assert found is not None, name
    return found.text or ""


def parameters(root: ElementTree.Element) -> dict[str, str]:
    return {one.attrib["id"]: one.text or "" for one in root.iterfind(".//uws:parameter", _UWS)}


def test_a_draft_waits_for_phase_run_and_is_the_job_of_every_door(gateway: Gateway) -> None:
    job_id = make(gateway, bands="20-40", RunId="mine")
    root = document(gateway, job_id)
    assert (told(root, "phase"), told(root, "runId")) == ("PENDING", "mine")
    assert parameters(root)["BANDS"] == "20.0-40.0"
    assert not gateway.publisher.sent
    assert gateway.call("GET", f"/jobs/{job_id}").json()["draft"] is True
    started = ask(gateway, "POST", f"/async/{job_id}/phase", data={"PHASE": "RUN"})
    assert started.headers["Location"].endswith(f"{BASE}/async/{job_id}")
    assert isinstance(gateway.publisher.sent[0][1], Job)
    assert ask(gateway, "GET", f"/async/{job_id}/phase").text == "QUEUED"


def test_phase_run_in_the_first_form_begins_at_once_and_other_protocols_words_do_no_harm(gateway: Gateway) -> None:
    job_id = make(gateway, PHASE="RUN", REQUEST="doQuery", LANG="ADQL", QUERY="SELECT 1", FORMAT="votable")
    assert ask(gateway, "GET", f"/async/{job_id}/phase").text == "QUEUED"
    assert len(gateway.publisher.sent) == 1


def test_a_job_of_another_door_is_listed_and_one_of_another_product_is_not(gateway: Gateway) -> None:
    first, other = gateway.submit(), gateway.submit(product="isgri_spectrum")
    drafted = make(gateway)
    listed = parsed(ask(gateway, "GET", "/async"))
    assert [one.attrib["id"] for one in listed] == [drafted, first]
    answer = ask(gateway, "GET", f"/async/{other}")
    assert (answer.status_code, "isgri_spectrum" in answer.text) == (404, True)


def test_the_list_is_filtered(gateway: Gateway) -> None:
    ids = [make(gateway) for _ in range(3)]
    gateway.records.finish(ids[1])

    def listed(**sent: Any) -> list[str]:
        return [one.attrib["id"] for one in parsed(ask(gateway, "GET", "/async", params=sent))]

    assert listed(PHASE="COMPLETED") == [ids[1]]
    assert listed(phase=["COMPLETED", "PENDING"]) == ids[::-1]
    assert listed(LAST="2") == ids[:0:-1]
    assert listed(AFTER="2000-01-01T00:00:00") == ids[::-1]
    assert listed(AFTER="2999-01-01T00:00:00Z") == []
    for wrong in ({"PHASE": "DONE"}, {"LAST": "0"}, {"AFTER": "yesterday"}):
        assert ask(gateway, "GET", "/async", params=wrong).status_code == 400


def test_a_draft_is_changed_and_a_started_job_is_not(gateway: Gateway) -> None:
    job_id = make(gateway, bands="20-40", RUNID="one")
    changes = {"bands": "40-80", "runid": "two", "T1": "2018-10-29T00:00:00", "T2": "2018-10-29T12:00:00"}
    assert ask(gateway, "POST", f"/async/{job_id}/parameters", data=changes).status_code == 303
    root = document(gateway, job_id)
    assert told(root, "runId") == "two"
    now = parameters(root)
    assert (now["BANDS"], now["T1"], "SCWS" in now) == ("40.0-80.0", "2018-10-29T00:00:00", False)
    assert gateway.records.jobs[job_id].request_key == gateway.records.views[job_id].request_key
    ask(gateway, "POST", f"/async/{job_id}/phase", data={"PHASE": "RUN"})
    assert ask(gateway, "POST", f"/async/{job_id}/parameters", data={"bands": "20-40"}).status_code == 409


def test_parameters_that_are_told_ask_for_the_same_again(gateway: Gateway) -> None:
    sent = {"RA": "266.4", "DEC": "-29", "RADIUS": "10.5", "MAX_POINTINGS": "5", "bands": "20-40,40-80.5"}
    sent |= {"catalogue": '[{"name": "GX 1+4", "ra": 263.0, "dec": -24.7}]', "burst_search": "true"}
    job_id = id_of(ask(gateway, "POST", "/async", data={**sent, "T1": "2018-10-29", "T2": "2018-10-30"}))
    again = id_of(ask(gateway, "POST", "/async", data=parameters(document(gateway, job_id, "/parameters"))))
    views = gateway.records.views
    assert views[job_id].request_key == views[again].request_key


def test_soda_names_ask_for_the_same(gateway: Gateway) -> None:
    native = {"RA": "266.4", "DEC": "-29", "RADIUS": "10", "T1": "2018-10-29", "T2": "2018-10-30", "bands": "20-40"}
    soda = {"TIME": "58420 58421", "BAND": "3.0996049608300815e-11 6.199209921660163e-11"}
    views = gateway.records.views
    keys = set()
    for sent in (native, {**soda, "CIRCLE": "266.4 -29 10"}, {**soda, "pos": "CIRCLE 266.4 -29 10"}):
        keys.add(views[id_of(ask(gateway, "POST", "/async", data=sent))].request_key)
    assert len(keys) == 1
    named = id_of(ask(gateway, "POST", "/async", data={"ID": ["201600280010", "201600270010"]}))
    assert views[named].request_key == views[make(gateway)].request_key


@pytest.mark.parametrize(
    ("sent", "named"),
    [
        ({**WINDOWS, "bandz": "20-40"}, "BANDZ"),
        ({**WINDOWS, "bands": "40-20"}, "40 is not below 20"),
        ({**WINDOWS, "BAND": "2e-11"}, "BAND"),
        ({"TIME": "58420 58421", "POS": "RANGE 1 2 3 4"}, "POS"),
        ({"TIME": "58420 Inf", "CIRCLE": "1 2 3"}, "TIME"),
        ({"T1": "2018-10-29", "T2": "2018-10-30", "RA": "1"}, "DEC, RADIUS"),
        ({**WINDOWS, "PHASE": "START"}, "PHASE"),
        ({**WINDOWS, "DESTRUCTION": "soon"}, "destroy_after"),
        ({**WINDOWS, "RUNID": "x" * 65}, "RUNID"),
        ({**WINDOWS, "LANE": "fast"}, "LANE"),
        ({**WINDOWS, "UPLOAD": "catalogue,http://elsewhere/"}, "UPLOAD"),
        ({**WINDOWS, "catalogue": "[{"}, "JSON"),
        ({}, "science windows"),
    ],
)
def test_what_is_wrong_is_said_in_a_votable_and_no_job_is_made(
    gateway: Gateway, sent: dict[str, str], named: str
) -> None:
    answer = ask(gateway, "POST", "/async", data=sent)
    assert answer.status_code == 400
    assert answer.headers["Content-Type"].startswith("application/x-votable+xml")
    info = ElementTree.fromstring(answer.content)[0][0]  # noqa: S314
    assert (info.attrib, named in (info.text or "")) == ({"name": "QUERY_STATUS", "value": "ERROR"}, True), info.text
    assert not gateway.records.jobs


def test_a_catalogue_comes_as_a_file(gateway: Gateway) -> None:
    text = b"name,ra,dec\nGX 1+4,263.0,-24.7\n"
    direct = ask(gateway, "POST", "/async", data=WINDOWS, files={"catalogue": ("mine.csv", text)})
    named = ask(gateway, "POST", "/async", data={**WINDOWS, "UPLOAD": "catalogue,param:t"}, files={"t": ("m", text)})
    for answer in (direct, named):
        assert "GX 1+4" in parameters(document(gateway, id_of(answer)))["CATALOGUE"]


def test_abort_and_delete_are_asked_for_and_unknown_words_refused(gateway: Gateway) -> None:
    job_id = make(gateway)
    gateway.publisher.play_ends()
    assert ask(gateway, "POST", f"/async/{job_id}/phase", data={"PHASE": "HOLD"}).status_code == 400
    assert ask(gateway, "POST", f"/async/{job_id}/phase", data={"PHASE": "ABORT"}).status_code == 303
    assert ask(gateway, "GET", f"/async/{job_id}/phase").text == "ABORTED"
    assert ask(gateway, "POST", f"/async/{job_id}/phase", data={"PHASE": "ABORT"}).status_code == 303
    assert "cancelled" in ask(gateway, "GET", f"/async/{job_id}/error").text
    assert ask(gateway, "POST", f"/async/{job_id}", data={"ACTION": "BURN"}).status_code == 400
    deleted = ask(gateway, "POST", f"/async/{job_id}", data={"action": "delete"})
    assert (deleted.status_code, deleted.headers["Location"].endswith(f"{BASE}/async")) == (303, True)
    assert [type(sent[1]) for sent in gateway.publisher.sent] == [CancelJob, DeleteJob]
    assert ask(gateway, "GET", f"/async/{job_id}").status_code == 404


def test_destruction_is_changed(gateway: Gateway) -> None:
    job_id = make(gateway, DESTRUCTION="2031-01-01T00:00:00")
    assert ask(gateway, "GET", f"/async/{job_id}/destruction").text == "2031-01-01T00:00:00.000Z"
    ask(gateway, "POST", f"/async/{job_id}/destruction", data={"DESTRUCTION": "2032-02-02T03:04:05Z"})
    assert gateway.records.jobs[job_id].destroy_after == "2032-02-02T03:04:05Z"
    assert told(document(gateway, job_id), "destruction") == "2032-02-02T03:04:05.000Z"
    assert ask(gateway, "GET", f"/async/{job_id}/destruction").text == "2032-02-02T03:04:05.000Z"
    assert ask(gateway, "GET", f"/async/{job_id}/nothing").status_code == 404


def test_how_long_a_job_may_execute_is_told_and_changed_until_it_has_ended(gateway: Gateway) -> None:
    job_id = make(gateway)
    assert ask(gateway, "GET", f"/async/{job_id}/executionduration").text == "0"
    limited = make(gateway, EXECUTIONDURATION="60")
    assert told(document(gateway, limited), "executionDuration") == "60"
    assert gateway.records.jobs[limited].execution_s == 60
    change = f"/async/{job_id}/executionduration"
    assert ask(gateway, "POST", change, data={"EXECUTIONDURATION": "90"}).status_code == 303
    assert (ask(gateway, "GET", change).text, gateway.records.jobs[job_id].execution_s) == ("90", 90)
    for wrong in ("-1", "1e3", "", "99999999999999999999"):
        assert ask(gateway, "POST", change, data={"EXECUTIONDURATION": wrong}).status_code == 400, wrong
    gateway.records.finish(job_id)
    assert ask(gateway, "POST", change, data={"EXECUTIONDURATION": "5"}).status_code == 409


def test_the_mesh_may_allow_less_than_is_wanted(gateway: Gateway) -> None:
    parts = replace(gateway.app.state.parts, limits=Limits(execution_s=600))
    limited = replace(gateway, app=create_app(parts))
    for wanted, granted in (("0", "600"), ("60", "60"), ("3600", "600")):
        job_id = make(limited, EXECUTIONDURATION=wanted)
        assert ask(limited, "GET", f"/async/{job_id}/executionduration").text == granted
    ask(limited, "POST", f"/async/{job_id}/executionduration", data={"EXECUTIONDURATION": "0"})
    assert limited.records.jobs[job_id].execution_s == 600
    assert limited.records.jobs[limited.submit()].execution_s == 600


def test_a_job_that_took_too_long_says_so(gateway: Gateway) -> None:
    job_id = make(gateway, PHASE="RUN")
    gateway.records.plan(job_id, [_LABEL])
    gateway.records.finish(job_id, JobState.ABORTED, end_reason="The job was cancelled after 60 s.")
    root = document(gateway, job_id)
    assert (told(root, "phase"), told(root, "message")) == ("ABORTED", "The job was cancelled after 60 s.")


def test_results_are_a_table_of_links_with_a_service_to_ask_again(gateway: Gateway) -> None:
    job_id = make(gateway, PHASE="RUN", bands="20-40")
    assert ask(gateway, "GET", f"/async/{job_id}/results/result").status_code == 404
    gateway.records.plan(job_id, [_LABEL])
    product = stage_product("mosaic", "job", {"mosaic.fits": "00", "mosaic.png": "00"})
    gateway.records.finish(job_id, products=(product,), products_total=1, warnings=("window <x> is empty",))
    ids = [one.attrib["id"] for one in document(gateway, job_id, "/results")]
    assert ids == ["result", "mosaic-job-mosaic.fits", "mosaic-job-mosaic.png"]
    table = ask(gateway, "GET", f"/async/{job_id}/results/result")
    assert table.headers["Content-Type"] == "application/x-votable+xml;content=datalink"
    for part in ("#this", "#preview", "#auxiliary", "#proc", "window &lt;x&gt; is empty", f"{BASE}/sync"):
        assert part in table.text
    record = f"/api/v1/products/{product.key}/provenance"
    assert f"http://gateway.test{record}</TD>" in table.text
    assert "application/provenance+json" in table.text
    gateway.products.manifests[product.key] = manifest(product.key, {"mosaic.fits": "00"})
    told = call(gateway.app, "GET", record)
    assert (told.headers["Content-Type"], "entity" in told.json()) == ("application/provenance+json", True)
    assert 'name="BANDS"' in table.text
    assert 'value="20.0-40.0"' in table.text


def test_a_failed_job_says_why_and_has_no_main_result(gateway: Gateway) -> None:
    job_id = make(gateway, PHASE="RUN")
    failure = {"kind": "science", "reason": "NoSources", "text": "nothing < 6 sigma"}
    view = gateway.records.views[job_id]
    gateway.records.views[job_id] = JobView.model_validate(view.model_dump() | {"state": "ERROR", "failure": failure})
    root = document(gateway, job_id)
    assert told(root, "message") == "NoSources: nothing < 6 sigma"
    assert "nothing &lt; 6 sigma" in ask(gateway, "GET", f"/async/{job_id}/error").text
    assert not document(gateway, job_id, "/results").findall("uws:result[@id='result']", _UWS)


def test_the_synchronous_form_leads_to_the_result_or_says_what_failed(
    gateway: Gateway, monkeypatch: pytest.MonkeyPatch
) -> None:
    def end_in(state: JobState) -> None:
        def end(job: Document) -> None:
            assert isinstance(job, Job)
            gateway.records.finish(job.job_id, state)

        gateway.publisher.on_publish = end

    end_in(JobState.COMPLETED)
    done = ask(gateway, "GET", "/sync", params=WINDOWS)
    assert (done.status_code, done.headers["Location"].endswith("/results/result")) == (303, True)
    end_in(JobState.ABORTED)
    failed = ask(gateway, "POST", "/sync", data=WINDOWS)
    assert (failed.status_code, "cancelled" in failed.text) == (400, True)
    gateway.publisher.on_publish = lambda _: None
    monkeypatch.setattr("gateway.uws.sync.LONGEST_SECONDS", 0)
    late = ask(gateway, "GET", "/sync", params=WINDOWS)
    assert (late.status_code, late.headers["Retry-After"], f"{BASE}/async/" in late.text) == (503, "10", True)
    other = ask(gateway, "GET", "/sync", params=WINDOWS, headers={"Sec-Fetch-Site": "cross-site"})
    assert other.status_code == 403


def test_wait_returns_when_the_phase_changes_and_not_before(gateway: Gateway) -> None:
    job_id = make(gateway, PHASE="RUN")
    gateway.records.plan(job_id, [_LABEL])
    bell, records = Bell(), gateway.records

    async def follow() -> tuple[JobView, list[str]]:
        happened: list[str] = []

        async def wait() -> JobView:
            view = await changed(bell, lambda: records.view(job_id), -1, "executing")
            happened.append("told")
            return view

        waiting = asyncio.create_task(wait())
        await asyncio.sleep(0.05)
        records.move(job_id, unit_row("image", _LABEL, UnitState.RUNNING))
        bell.ring(job_id)
        await asyncio.sleep(0.05)
        happened.append("ends")
        records.finish(job_id)
        bell.ring(job_id)
        return await asyncio.wait_for(waiting, 2), happened

    view, happened = asyncio.run(follow())
    assert (view.state, happened) == (JobState.COMPLETED, ["ends", "told"])


@pytest.mark.parametrize("sent", [{"WAIT": "30", "PHASE": "QUEUED"}, {"WAIT": "0"}, {}])
def test_wait_in_another_phase_than_that_of_now_returns_at_once(gateway: Gateway, sent: dict[str, str]) -> None:
    assert ask(gateway, "GET", f"/async/{make(gateway)}", params=sent, timeout=5).status_code == 200


def test_an_unknown_family_names_the_known_ones(gateway: Gateway) -> None:
    for path in ("/vo/isgri/nothing/async", "/vo/nothing/isgri_image/async/x"):
        answer = call(gateway.app, "GET", path)
        assert (answer.status_code, "isgri/isgri_image" in answer.text) == (404, True)


def test_a_job_of_many_windows_is_told_by_address(gateway: Gateway) -> None:
    job_id = gateway.submit(selection={"scws": [f"2016{number:04d}0010" for number in range(2000)]})
    root = document(gateway, job_id)
    long = next(one for one in root.iterfind(".//uws:parameter", _UWS) if one.attrib["id"] == "SCWS")
    assert long.attrib["byReference"] == "true"
    assert gateway.records.views[job_id].request_key in (long.text or "")
