"""An alert through the real mesh as people see it: the inbox, its record, and what an operator takes back."""

import json
import time

import httpx
import pytest
from playwright.sync_api import expect

from tests.web.conftest import Watched


@pytest.mark.usefixtures("mesh")
def test_a_notice_of_today_has_a_record_that_says_why_there_are_no_data(watched: Watched) -> None:
    number = str(time.time_ns())
    notice = {"mission": "Drill", "id": [number], "trigger_time": "2026-05-01T00:00:00Z", "alert_type": "initial"}
    headers = {"Content-Type": "application/json"}
    httpx.post(f"{watched.base}/api/v1/alerts", content=json.dumps(notice), headers=headers).raise_for_status()
    page = watched.open("/alerts")
    row = page.get_by_role("table", name="Inbox").get_by_role("row").filter(has_text=f"drill:{number}")
    expect(row).to_contain_text("operations ended on 2025-02-28")
    row.get_by_role("button").click()
    chosen = page.get_by_role("complementary", name="Chosen event")
    chosen.get_by_label("Reason").fill("a drill")
    chosen.get_by_role("button", name="Retract").click()
    expect(chosen.get_by_text("retract by")).to_contain_text("a drill")
    expect(chosen.get_by_role("link", name="Record 2")).to_be_visible()
    chosen.get_by_role("link", name="Record 2").click()
    expect(page.get_by_role("heading", level=1)).to_have_text(number)
    expect(page.get_by_text("An operator of this mesh has withdrawn it: a drill.", exact=True)).to_be_visible()
    acs = page.get_by_role("region", name="Instruments").get_by_role("row").filter(has_text="SPI-ACS")
    expect(acs).to_contain_text("no data")
    page.goto(f"{watched.base}/gallery?text={number}")
    expect(page.get_by_role("article", name=number)).to_contain_text("withdrawn by this mesh")
    watched.check_access()
