"""Permanent links: what they open and for whom, that they have it made again, signatures, citations."""

import re
from datetime import UTC, datetime

import pytest

from gateway.auth.access_file import Access
from gateway.links.signature import Grant, is_over, is_signed, signed_query
from mesh.accounts.roles import Rule
from mesh.contracts import EvictedProduct
from mesh.intake.links import PUBLIC
from mesh.states import JobState, UnitState
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import MemoryProducts, MemoryRecords, call, key_of, manifest, stage_product, unit_row
from tests.unit.gateway.guarded import SIGNING, Guarded

_LABEL = "201600270010.001"
_TITLE = "INTEGRAL IBIS/ISGRI: Mosaic image and catalogue, science windows 201600270010, 201600280010"
_MOSAIC = key_of("mosaic", "job")


def _finish(records: MemoryRecords, products: MemoryProducts, job_id: str) -> None:
    """Play the run of a job up to its end."""
    records.plan(job_id, [_LABEL])
    records.tables[job_id]["mosaic", "job"] = unit_row("mosaic", "job", UnitState.DONE)
    made = stage_product("mosaic", "job", {"mosaic.fits": "00"})
    records.finish(job_id, products=(made,), products_total=1, finished="2026-11-30T08:00:00.000Z")
    products.manifests[_MOSAIC] = manifest(_MOSAIC, {"mosaic.fits": "00"})
    products.files[_MOSAIC, "mosaic.fits"] = b"SIMPLE"


def _evict(products: MemoryProducts) -> None:
    was = products.manifests.pop(_MOSAIC)
    del products.files[_MOSAIC, "mosaic.fits"]
    products.evicted[_MOSAIC] = EvictedProduct(manifest=was, reason="room", evicted="2026-12-01T00:00:00.000Z")


def _link(gateway: Gateway) -> str:
    """Submit a request and return its permanent link."""
    return str(gateway.call("GET", f"/jobs/{gateway.submit()}").json()["links"]["permanent"])


def test_a_link_is_short_and_opens_what_was_asked_for(gateway: Gateway) -> None:
    link = _link(gateway)
    assert re.fullmatch(r"/r/[0-9a-f]{20}", link)
    told = call(gateway.app, "GET", link).json()
    assert (told["product"], told["selection"]["scws"]) == ("isgri_image", ["201600270010", "201600280010"])
    assert (
        told["title"] == "INTEGRAL IBIS/ISGRI: Mosaic image and catalogue, science windows 201600270010, 201600280010"
    )
    assert told["state"] == "PENDING"
    assert call(gateway.app, "GET", told["links"]["request"]).json()["request_key"] == told["request_key"]
    assert call(gateway.app, "GET", f"/r/{told['request_key'].upper()}").json()["links"]["job"] == told["links"]["job"]


def test_everybody_who_opens_it_sees_one_job(gateway: Gateway) -> None:
    link = _link(gateway)
    jobs = {call(gateway.app, "GET", link).json()["links"]["job"] for _ in range(3)}
    assert len(jobs) == 1
    assert len(gateway.records.views) == 2  # the one that was submitted, and that of the link
    (owner,) = {view.owner for view in gateway.records.views.values() if view.face == "link"}
    assert owner == PUBLIC


def test_products_come_by_the_link_and_are_made_again_when_they_were_removed(gateway: Gateway) -> None:
    link = _link(gateway)
    first = call(gateway.app, "GET", link).json()["links"]["job"]
    _finish(gateway.records, gateway.products, first.rpartition("/")[2])
    told = call(gateway.app, "GET", link).json()
    assert (told["state"], told["links"]["job"]) == ("COMPLETED", first)
    (file,) = told["products"][0]["files"]
    assert call(gateway.app, "GET", file["url"]).status_code == 302

    _evict(gateway.products)
    assert call(gateway.app, "GET", f"{link}?run=false").json()["state"] == "REMOVED"
    assert call(gateway.app, "GET", file["url"]).status_code == 410
    again = call(gateway.app, "GET", link).json()
    assert (again["state"], again["products"]) == ("PENDING", [])
    assert again["links"]["job"] != first
    assert call(gateway.app, "GET", link).json()["links"]["job"] == again["links"]["job"]


def test_a_deleted_or_cancelled_job_does_not_end_the_link(gateway: Gateway) -> None:
    link = _link(gateway)
    first = call(gateway.app, "GET", link).json()
    gateway.records.deleted[first["links"]["job"].rpartition("/")[2]] = first["request_key"]
    second = call(gateway.app, "GET", link).json()["links"]["job"]
    assert second != first["links"]["job"]
    gateway.records.finish(second.rpartition("/")[2], JobState.ABORTED)
    assert call(gateway.app, "GET", link).json()["links"]["job"] not in {first["links"]["job"], second}


def test_a_failure_is_shown_and_not_repeated(gateway: Gateway) -> None:
    link = _link(gateway)
    job = call(gateway.app, "GET", link).json()["links"]["job"]
    gateway.records.finish(job.rpartition("/")[2], JobState.ERROR)
    for _ in range(2):
        told = call(gateway.app, "GET", link).json()
        assert (told["state"], told["links"]["job"]) == ("ERROR", job)


@pytest.mark.parametrize(
    ("method", "headers"),
    [
        ("HEAD", {}),
        ("GET", {"Sec-Purpose": "prefetch"}),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "image"}),
        ("GET", {"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "iframe"}),
    ],
)
def test_whoever_does_not_open_it_begins_nothing(gateway: Gateway, method: str, headers: dict[str, str]) -> None:
    link = _link(gateway)
    assert call(gateway.app, method, link, headers=headers).status_code == 200
    assert len(gateway.records.views) == 1


def test_a_click_on_another_site_opens_it(gateway: Gateway) -> None:
    link = _link(gateway)
    call(gateway.app, "GET", link, headers={"Sec-Fetch-Site": "cross-site", "Sec-Fetch-Dest": "document"})
    assert len(gateway.records.views) == 2


@pytest.mark.parametrize("digits", ["0" * 20, "0" * 64, "0" * 19, "xyz", "0" * 65, "%00"])
def test_a_link_to_nothing_is_told(gateway: Gateway, digits: str) -> None:
    assert call(gateway.app, "GET", f"/r/{digits}").status_code == 404


def test_two_requests_with_one_beginning_are_told_apart(gateway: Gateway) -> None:
    link = _link(gateway)
    (key,) = gateway.records.analyses
    other = key[:40] + "0" * 24
    gateway.records.analyses[other] = gateway.records.analyses[key]
    answer = call(gateway.app, "GET", link)
    assert (answer.status_code, key in answer.json()["detail"], other in answer.json()["detail"]) == (404, True, True)
    assert call(gateway.app, "GET", f"/r/{key}").status_code == 200


def test_people_get_a_page_that_hides_nothing_dangerous(gateway: Gateway) -> None:
    parameters = {"catalogue": [{"name": "<script>alert(1)</script>", "ra": 1.0, "dec": 2.0}]}
    job_id = gateway.submit(parameters=parameters)
    link = gateway.call("GET", f"/jobs/{job_id}").json()["links"]["permanent"]
    answer = call(gateway.app, "GET", link, headers={"Accept": "text/html,*/*"})
    assert answer.headers["content-type"].startswith("text/html")
    assert 'http-equiv="refresh"' in answer.text
    assert "<script>" not in answer.text
    (view,) = [view for view in gateway.records.views.values() if view.face == "link"]
    _finish(gateway.records, gateway.products, view.job_id)
    answer = call(gateway.app, "GET", link, headers={"Accept": "text/html"})
    assert 'http-equiv="refresh"' not in answer.text
    for found in re.findall(r'href="([^"]+)"', answer.text):
        assert call(gateway.app, "GET", found.replace("&amp;", "&")).status_code in {200, 302}


def test_a_citation_names_what_made_it(gateway: Gateway) -> None:
    link = _link(gateway)
    job = call(gateway.app, "GET", link).json()["links"]["job"]
    _finish(gateway.records, gateway.products, job.rpartition("/")[2])
    text = call(gateway.app, "GET", f"{link}/cite").text
    assert text == (
        f"{_TITLE}, made 2026-11-30 with odamesh 0 and calibration c. Request {link[3:]}, http://gateway.test{link}\n"
    )
    entry = call(gateway.app, "GET", f"{link}/cite?format=bibtex")
    assert entry.headers["content-type"].startswith("application/x-bibtex")
    assert entry.text.startswith(f"@misc{{odamesh:{link[3:]},\n  author = {{{{odamesh}}}},\n")
    assert "  year = {2026},\n  month = nov,\n" in entry.text
    assert entry.text.count("{") == entry.text.count("}")
    _evict(gateway.products)
    assert call(gateway.app, "GET", f"{link}/cite").text == text
    assert call(gateway.app, "GET", f"{link}/cite?format=ris").status_code == 422


def test_a_request_of_an_instrument_that_is_gone_can_still_be_read(gateway: Gateway) -> None:
    link = _link(gateway)
    (key,) = gateway.records.analyses
    gone = gateway.records.analyses[key].model_copy(update={"instrument": "gone", "product": "gone_image"})
    gateway.records.analyses[key] = gone
    assert call(gateway.app, "GET", f"{link}?run=false").json()["title"].startswith("gone: gone_image")
    assert call(gateway.app, "GET", link).status_code == 422


def _ruled() -> Guarded:
    """Return a mesh on which images need a role that ada has."""
    gateway = Guarded(
        Access(
            signing=SIGNING,
            roles={"imager": "May make images."},
            rules=(Rule(role="imager", products=("isgri_image",)),),
        )
    )
    gateway.settle("ada", "imager")
    return gateway


def _permanent(gateway: Guarded, job_id: str) -> str:
    return str(gateway.call("GET", f"/jobs/{job_id}", "ada").json()["links"]["permanent"])


def test_what_needs_a_role_needs_it_through_a_link_too() -> None:
    gateway = _ruled()
    link = _permanent(gateway, gateway.submit("ada"))
    for who, status in ((None, 403), ("bob", 403), ("ada", 200)):
        assert gateway.call("GET", link, who, whole=True).status_code == status, who
    (job,) = [view for view in gateway.records.views.values() if view.face == "link"]
    assert job.owner == "ada"


def test_a_signed_link_opens_to_all_what_the_owner_may_see() -> None:
    gateway = _ruled()
    job_id = gateway.submit("ada")
    _finish(gateway.records, gateway.products, job_id)
    signed = gateway.call("POST", f"/jobs/{job_id}/link", "ada", json={}).json()
    link = signed["link"].removeprefix("http://gateway.test")
    told = gateway.call("GET", link, whole=True).json()
    assert (told["state"], "job" in told["links"]) == ("COMPLETED", False)
    url = told["products"][0]["files"][0]["url"]
    assert gateway.call("GET", url, whole=True).status_code == 302
    assert gateway.call("GET", url.partition("?")[0], whole=True).status_code == 403
    for address in (told["links"]["cite"], told["links"]["bibtex"], told["links"]["self"]):
        assert gateway.call("GET", address, whole=True).status_code == 200
    assert gateway.call("GET", f"/jobs/{job_id}").status_code == 404

    _evict(gateway.products)
    assert gateway.call("GET", link, whole=True).json()["state"] == "PENDING"
    again = [view for view in gateway.records.views.values() if view.face == "link"]
    assert [(view.owner, view.user) for view in again] == [("ada", "ada")]
    assert [(one.caller[:10], one.deed) for one in gateway.noted][-1] == ("anonymous@", "submit")

    assert gateway.call("DELETE", f"/jobs/{job_id}/link", "ada").status_code == 204
    assert gateway.call("GET", link, whole=True).status_code == 404


def test_a_signature_counts_for_one_request_one_owner_and_one_day() -> None:
    gateway = _ruled()
    job_id = gateway.submit("ada")
    link = gateway.call("POST", f"/jobs/{job_id}/link", "ada", json={"days": 1}).json()["link"]
    place = link.removeprefix("http://gateway.test")
    other = _permanent(gateway, gateway.submit("ada", selection={"scws": ["201600280010"]}))
    query = place.partition("?")[2]
    assert gateway.call("GET", place, whole=True).status_code == 200
    for wrong in (
        f"{other}?{query}",
        place.replace("by=ada", "by=eve"),
        re.sub(r"until=[0-9-]+", "until=2099-01-01", place),
        re.sub(r"until=[0-9-]+&", "", place),
        re.sub(r"sig=.*", "sig=", place),
        re.sub(r"&sig=.*", "", place),
        re.sub(r"by=ada&", "", place),
        place + "A",
        re.sub(r"sig=.*", "sig=%C3%A9", place),
    ):
        assert gateway.call("GET", wrong, whole=True).status_code == 403, wrong
    gateway.settle("ada", "imager", disabled=True)
    assert gateway.call("GET", place, whole=True).status_code == 403


def test_a_signature_counts_as_long_as_its_key_and_up_to_the_end_of_its_day() -> None:
    grant = Grant("ada", "2027-01-31")
    query = signed_query("k" * 64, grant, ["old"])
    code = query.partition("sig=")[2]
    assert is_signed("k" * 64, grant, code, ["new", "old"])
    assert not is_signed("k" * 64, grant, code, ["new", "newer"])
    assert not is_over(grant, datetime(2027, 1, 31, 23, 59, tzinfo=UTC))
    assert is_over(grant, datetime(2027, 2, 1, tzinfo=UTC))
    assert is_over(Grant("ada", "soon"))


def test_only_the_owner_signs_and_only_what_belongs_to_an_account() -> None:
    gateway = Guarded()
    job_id = gateway.submit("ada")
    assert gateway.call("POST", f"/jobs/{job_id}/link", "bob", json={}).status_code == 404
    gateway.call("POST", f"/jobs/{job_id}/share", "ada")
    assert gateway.call("POST", f"/jobs/{job_id}/link", "bob", json={}).status_code == 403
    anonymous = gateway.submit(None)
    assert gateway.call("POST", f"/jobs/{anonymous}/link", json={}).status_code == 403


def test_a_mesh_for_accounts_alone_opens_signed_links_to_all_and_others_to_none() -> None:
    gateway = Guarded(Access(signing=SIGNING, anonymous=False))
    job_id = gateway.submit("ada")
    link = _permanent(gateway, job_id)
    assert gateway.call("GET", link, whole=True).status_code == 401
    assert gateway.call("GET", f"{link}/cite", whole=True).status_code == 401
    assert gateway.call("GET", link, "bob", whole=True).status_code == 200
    signed = gateway.call("POST", f"/jobs/{job_id}/link", "ada", json={}).json()["link"]
    assert gateway.call("GET", signed.removeprefix("http://gateway.test"), whole=True).status_code == 200


def test_opening_links_is_counted_like_other_work_of_the_address() -> None:
    access = Access.model_validate({"signing": SIGNING, "rates": {"anonymous_submissions_an_hour": 2}})
    gateway = Guarded(access)
    links = [_permanent(gateway, gateway.submit("ada", selection={"scws": [f"20160027{n}010"]})) for n in "123"]
    assert [gateway.call("GET", link, whole=True).status_code for link in links] == [200, 200, 429]
    assert gateway.call("GET", links[0], whole=True).status_code == 200  # begins nothing
    elsewhere = gateway.call("GET", links[2], whole=True, client=("198.51.100.7", 1))
    assert elsewhere.status_code == 200


def test_a_mesh_without_accounts_signs_nothing(gateway: Gateway) -> None:
    job_id = gateway.submit()
    assert gateway.call("POST", f"/jobs/{job_id}/link", json={}).status_code == 409
    link = gateway.call("GET", f"/jobs/{job_id}").json()["links"]["permanent"]
    assert call(gateway.app, "GET", f"{link}?by=ada&sig=x").status_code == 403


def test_a_link_behind_a_proxy_has_its_prefix(gateway: Gateway) -> None:
    gateway.app.root_path = "/mesh"
    job_id = gateway.submit()
    link = gateway.call("GET", f"/jobs/{job_id}").json()["links"]["permanent"]
    assert link.startswith("/mesh/r/")
    told = call(gateway.app, "GET", link.removeprefix("/mesh")).json()
    assert told["links"]["self"] == link
    assert f"http://gateway.test{link}" in call(gateway.app, "GET", f"{link.removeprefix('/mesh')}/cite").text
