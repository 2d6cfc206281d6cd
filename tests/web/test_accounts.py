"""A mesh with accounts: one signs in with a token, the browser keeps a cookie, operators get their screen."""

import json
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import BrowserContext, expect

from gateway.auth.access_file import Access
from mesh.contracts import SendAgain
from mesh.contracts.alert import AlertEvent, AlertJob, Deed, Outgoing
from tests.unit.gateway.admin_doubles import dead_letter
from tests.unit.gateway.guarded import MMODA, SIGNING, Guarded
from tests.web.conftest import Watched
from tests.web.doubles import served

_NOTICE = json.dumps({"mission": "Drill", "id": ["a1"], "trigger_time": "2024-01-01T00:00:00Z"}).encode()
_Watch = Callable[[str, frozenset[str]], Watched]


@pytest.fixture
def gateway() -> Guarded:
    return Guarded(Access(signing=SIGNING, issuers={"mmoda": MMODA}, anonymous=False))


@pytest.fixture
def watched(gateway: Guarded, watch: _Watch) -> Iterator[Watched]:
    with served(gateway.app) as base:
        yield watch(base, frozenset({base}))


def _sign_in(watched: Watched, token: str, to: str) -> None:
    page = watched.open(f"/sign-in?to={to}")
    page.get_by_label("Token").fill(token)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{watched.base}{to}")
    # Before that, the session was asked for by nobody.
    watched.forgive("401")


def test_a_token_signs_in_and_out(watched: Watched, gateway: Guarded, context: BrowserContext) -> None:
    page = watched.open("/jobs")
    refused = page.get_by_role("main").get_by_role("alert").first
    refused.get_by_role("link", name="Sign in").click()
    page.wait_for_url("**/sign-in?to=%2Fjobs")
    watched.check_access()
    watched.check_telephone()
    page.get_by_label("Token").fill("odm_wrong")
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("main").get_by_role("alert")).to_contain_text("token")
    page.get_by_label("Token").fill(gateway.tokens["ada"])
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/jobs")
    expect(page.get_by_role("banner")).to_contain_text("ada")
    expect(page.get_by_text("There is none yet.")).to_be_visible()
    expect(page.get_by_role("link", name="Operate")).to_have_count(0)
    (cookie,) = context.cookies()
    assert (cookie.get("httpOnly"), cookie.get("sameSite")) == (True, "Strict")
    assert page.evaluate("document.cookie") == ""
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("banner").get_by_role("link", name="Sign in")).to_be_visible()
    assert not context.cookies()
    watched.forgive("401")


@pytest.mark.parametrize("to", ["//evil.example/x", "https://evil.example", "/\\evil.example", "jobs"])
def test_signing_in_leads_nowhere_else(watched: Watched, gateway: Guarded, to: str) -> None:
    page = watched.open(f"/sign-in?to={to}")
    page.get_by_label("Token").fill(gateway.tokens["ada"])
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_role("heading", level=1)).to_have_text("New query")
    assert page.url == f"{watched.base}/"
    watched.forgive("401")


def test_operators_see_the_mesh_and_send_a_dead_letter_again(watched: Watched, gateway: Guarded) -> None:
    gateway.post.kept = [dead_letter(), other := dead_letter(message_id="u2", exchange="")]
    _sign_in(watched, gateway.tokens["eve"], "/operate")
    page = watched.page
    expect(page.locator("#summary")).to_contain_text("messages that failed and wait for a decision: 2")
    expect(page.get_by_role("region", name="Failed windows")).to_contain_text("No job, and no window of a job.")
    lanes = page.get_by_role("table", name="Lanes")
    expect(lanes.get_by_role("row").filter(has_text="isgri")).to_contain_text("40")
    expect(page.get_by_role("table", name="Workers").get_by_role("row").filter(has_text="isgri")).to_contain_text(
        "2 of 2"
    )
    expect(page.get_by_role("table", name="Stages")).to_contain_text("25 %")
    expect(page.get_by_role("table", name="Users").get_by_role("row").filter(has_text="ada")).to_contain_text("45 of")
    expect(page.get_by_role("region", name="Alarms")).to_contain_text("None.")
    expect(page.get_by_role("link", name="Doors")).to_have_attribute("href", "http://watch.test/consoles/doors.html")
    watched.check_access()
    watched.check_telephone()
    letters = page.get_by_role("table", name="Dead letters").get_by_role("row")
    expect(letters).to_have_count(3)
    again = page.get_by_role("button", name="Send again: odamesh.unit/1 image 201600270010.001")
    expect(again.nth(1)).to_be_disabled()
    again.first.click()
    expect(letters.filter(has_text="is sent again")).to_have_count(1)
    (sent,) = [one for _, one, _, _ in gateway.publisher.sent if isinstance(one, SendAgain)]
    assert sent.queue == "dead.isgri"
    page.get_by_role("button", name="Drop: odamesh.unit/1 image 201600270010.001").nth(1).click()
    page.get_by_role("button", name="Really drop it: odamesh.unit/1 image 201600270010.001").click()
    expect(letters).to_have_count(2)
    assert other not in gateway.post.kept


def test_who_is_no_operator_is_told_so(watched: Watched, gateway: Guarded) -> None:
    _sign_in(watched, gateway.tokens["ada"], "/operate")
    expect(watched.page.get_by_role("main").get_by_role("alert")).to_contain_text("operator")
    watched.forgive("403")


def test_an_operator_approves_what_waits_and_others_only_read(watched: Watched, gateway: Guarded) -> None:
    alerts = gateway.alert_intake.alerts
    receipt = gateway.alert_intake.take(_NOTICE, "test").receipt
    key = receipt.notice.event_key
    event = AlertEvent(
        event_key=key,
        receipts=(receipt,),
        version=1,
        jobs=(AlertJob(instrument="spiacs", product="spi_acs_search", signature="0", time="", wish={}),),
        outbox=(Outgoing(topic="transient.record", version=1, held_until="2026-11-30T12:00:00.000Z"),),
    )
    alerts.change_event(key, lambda _: event)
    line = {"event_key": key, "state": "ACTIVE", "test": False, "messenger": "other", "answer": "nothing is known yet"}
    gateway.alert_index.lines.append({**line, "trigger_time": None, "received": receipt.received, "version": 0})
    _sign_in(watched, gateway.tokens["ada"], "/alerts")
    page = watched.page
    page.get_by_role("table", name="Inbox").get_by_role("button", name=key).click()
    chosen = page.get_by_role("complementary", name="Chosen event")
    expect(chosen.get_by_role("status")).to_contain_text("wait for a person")
    expect(chosen).to_contain_text("spi_acs_search")
    expect(page.get_by_role("button", name="Approve")).to_have_count(0)
    watched.check_access()
    watched.check_telephone()
    page.get_by_role("button", name="Sign out").click()
    page.wait_for_url(f"{watched.base}/")
    _sign_in(watched, gateway.tokens["eve"], f"/alerts?event={key}")
    page.get_by_label("Reason").fill("looks right")
    page.get_by_role("button", name="Approve").click()
    expect(page.get_by_text("Approve: taken")).to_be_visible()
    commands = [alerts.command(one.command_id) for _, one in gateway.publisher.alerts if one.command_id]
    assert [(one.deed, one.caller, one.version) for one in commands] == [(Deed.APPROVE, "eve", 1)]
    watched.check_access()
