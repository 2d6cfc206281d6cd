"""A job as it runs: rows open and say why they failed, it is cancelled where it is seen."""

import re
import uuid
from collections.abc import Callable

import pytest
from playwright.sync_api import expect

from mesh.states import JobState, UnitState
from odamesh import Mesh
from tests.integration.mesh.windows import ABSENT, GALACTIC_CENTRE, TRUNCATED, drill_windows
from tests.unit.gateway.doubles import unit_row
from tests.web.conftest import Watched
from tests.web.doubles import OpenGateway, served, submit


def test_rows_open_by_keyboard_with_files_and_log(watched: Watched, mesh: Mesh) -> None:
    job = mesh.submit("isgri", "isgri_image", {"scws": [*GALACTIC_CENTRE[:1], TRUNCATED, ABSENT]})
    job.wait()
    page = watched.open(f"/jobs/{job.id}/table")
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "4")
    page.get_by_role("grid").focus()
    page.keyboard.press("Home")
    page.keyboard.press("Enter")
    details = page.get_by_role("region", name=f"Window {GALACTIC_CENTRE[0]}")
    expect(details.get_by_role("link", name="isgri_sky.fits")).to_be_visible()
    expect(details.get_by_label("Log")).not_to_have_text("…")
    assert "unit=" in page.url
    page.get_by_role("group", name="Windows by state").get_by_role("button", name="failed").click()
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "3")
    row = page.get_by_role("row").filter(has_text=TRUNCATED)
    expect(row).to_contain_text("failed: ")
    row.click()
    details = page.get_by_role("region", name=f"Window {TRUNCATED}")
    expect(details.locator(".error")).to_be_in_viewport()
    expect(details).to_contain_text("tell the operator of this mesh")
    expect(page.locator("[role=row][aria-current=true]")).to_contain_text(TRUNCATED)
    watched.check_access()
    page.keyboard.press("Escape")
    expect(details).to_have_count(0)
    expect(page.get_by_role("grid")).to_be_focused()


def test_a_job_that_lacks_windows_leads_to_what_it_has_and_is_asked_for_without_them(
    watched: Watched, mesh: Mesh
) -> None:
    job = mesh.submit("isgri", "isgri_image", {"scws": [*GALACTIC_CENTRE[:1], TRUNCATED, ABSENT]})
    job.wait()
    page = watched.open(f"/jobs/{job.id}/table")
    expect(page.locator("#state")).to_have_text("completed, without 2 of 3 windows")
    expect(page.locator(".counts")).to_contain_text("3 windows")
    expect(page.get_by_text(f"{TRUNCATED}.001: ")).to_be_visible()
    expect(page.get_by_role("link", name="See the image")).to_have_attribute("href", f"/jobs/{job.id}/sky")
    page.get_by_role("link", name="Permanent link").click()
    expect(page.get_by_role("link", name="See the image")).to_have_attribute("href", f"/jobs/{job.id}/sky")
    watched.check_access()
    page.go_back()
    page.get_by_role("button", name="Run again without the 2 failed windows").click()
    expect(page.get_by_role("heading", level=1)).to_contain_text("1 science window")
    expect(page.locator("#state")).to_have_text("completed", timeout=60_000)


def test_jobs_are_narrowed_and_several_are_taken_together(watched: Watched, mesh: Mesh) -> None:
    mesh.submit("noop", "noop", {"scws": drill_windows(1)}).wait()
    page = watched.open("/jobs?instrument=noop")
    expect(page.get_by_role("checkbox", name="Choose job").first).to_be_visible()
    watched.check_telephone()
    page.get_by_role("checkbox", name="Choose job").first.check()
    expect(page.get_by_role("group", name="With the jobs chosen")).to_contain_text("1 chosen")
    watched.check_access()
    expect(page.get_by_role("rowheader").first).to_contain_text("science window 0016")
    page.get_by_label("Submitted from (UTC)").fill("2090-01-01")
    page.keyboard.press("Enter")
    expect(page.get_by_text("There is none like that.")).to_be_visible()


def test_a_job_is_cancelled_where_it_runs(watched: Watched, mesh: Mesh) -> None:
    job = mesh.submit("noop", "noop", {"scws": drill_windows(40)}, {"seconds": 20, "salt": uuid.uuid4().hex})
    page = watched.open(f"/jobs/{job.id}/table")
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator("#state")).to_contain_text("cancelled", timeout=60_000)
    page.get_by_role("link", name="Files").click()
    expect(page.get_by_text("The job is cancelled: there is no result.")).to_be_visible()


def test_a_running_job_tells_the_time_left_and_what_was_done_stays_done(
    watch: Callable[[str, frozenset[str]], Watched],
) -> None:
    gateway = OpenGateway()
    scws = drill_windows(8)
    windows = [f"{scw}.001" for scw in scws]
    with served(gateway.app) as base:
        job_id = submit(base, {"instrument": "isgri", "product": "isgri_image", "selection": {"scws": scws}})
        gateway.records.plan(job_id, windows)
        page = watch(base, frozenset({base})).open(f"/jobs/{job_id}/table")
        expect(page.locator(".counts")).to_contain_text("8 windows:")

        def move(state: UnitState, labels: list[str], step: str | None = None) -> None:
            gateway.records.move(job_id, *(unit_row("image", label, state, step=step) for label in labels))
            gateway.ring(job_id)

        move(UnitState.RUNNING, windows[:4], "events")
        expect(page.locator(".counts")).to_contain_text("4 running")
        move(UnitState.DONE, windows[:4])
        expect(page.get_by_text(re.compile(r"about \d+ \w+ left"))).to_be_visible()
        move(UnitState.CANCELLED, windows[4:5], "image")
        move(UnitState.CANCELLED, windows[5:])
        gateway.records.finish(job_id, JobState.ABORTED)
        gateway.ring(job_id)
        expect(page.locator("#state")).to_have_text("cancelled")
        row = page.get_by_role("row").filter(has_text=windows[4])
        expect(row.get_by_label("events: done")).to_be_visible()
        expect(row.get_by_label("image: cancelled")).to_be_visible()
        expect(page.get_by_role("link", name="Sky (none)")).to_be_visible()


@pytest.mark.parametrize("job_id", ["0" * 32, "nonsense"])
def test_a_job_that_is_none_is_told_in_a_sentence(watched: Watched, job_id: str) -> None:
    page = watched.open(f"/jobs/{job_id}/table")
    expect(page.get_by_role("alert").filter(has_text="There is no job")).to_be_visible()
    watched.forgive("404")
