"""A job as it runs: its table fills, rows open, it is cancelled, and its address shows the same again."""

import uuid

import pytest
from playwright.sync_api import BrowserContext, expect

from odamesh import Mesh
from tests.integration.mesh.windows import ABSENT, GALACTIC_CENTRE, TRUNCATED, drill_windows
from tests.web.conftest import Watched


def test_from_the_form_to_a_table_that_fills(watched: Watched) -> None:
    page = watched.open("/new?instrument=noop&product=noop")
    page.get_by_label("Science windows", exact=True).fill(" ".join(drill_windows(5)))
    page.get_by_role("button", name="Run", exact=True).click()
    page.wait_for_url("**/jobs/*/table")
    expect(page.locator("#state")).to_contain_text("completed", timeout=60_000)
    grid = page.get_by_role("grid")
    expect(grid).to_have_attribute("aria-rowcount", "6")
    expect(grid.get_by_role("rowheader")).to_have_count(5)
    watched.check_access()


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
    page.get_by_role("button", name="failed").first.click()
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", "3")
    page.get_by_role("row").filter(has_text=TRUNCATED).click()
    expect(page.get_by_role("region", name=f"Window {TRUNCATED}").locator(".error")).to_be_visible()
    watched.check_access()


def test_a_job_is_cancelled_where_it_runs(watched: Watched, mesh: Mesh) -> None:
    job = mesh.submit("noop", "noop", {"scws": drill_windows(40)}, {"seconds": 20, "salt": uuid.uuid4().hex})
    page = watched.open(f"/jobs/{job.id}/table")
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator("#state")).to_contain_text("cancelled", timeout=60_000)


def test_an_address_shows_the_same_in_another_browser(watched: Watched, mesh: Mesh, context: BrowserContext) -> None:
    job = mesh.submit("noop", "noop", {"scws": drill_windows(3)})
    job.wait()
    page = watched.open(f"/jobs/{job.id}/table?unit={drill_windows(3)[1]}")
    expect(page.get_by_role("heading", level=1)).to_contain_text("3 science windows")
    page.get_by_role("link", name="Permanent link").click()
    expect(page.get_by_role("button", name="Make it again", exact=True)).to_be_visible()
    watched.check_access()
    page.get_by_role("button", name="Make it again", exact=True).click()
    page.wait_for_url("**/jobs/*/table")
    expect(page.locator("#state")).to_contain_text("completed", timeout=60_000)


@pytest.mark.parametrize("job_id", ["0" * 32, "nonsense"])
def test_a_job_that_is_none_is_told_in_a_sentence(watched: Watched, job_id: str) -> None:
    page = watched.open(f"/jobs/{job_id}/table")
    expect(page.get_by_role("alert").filter(has_text="There is no job")).to_be_visible()
    watched.forgive("404")
