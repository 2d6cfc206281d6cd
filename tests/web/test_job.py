"""A job as it runs: rows open and say why they failed, it is cancelled where it is seen."""

import uuid

import pytest
from playwright.sync_api import expect

from odamesh import Mesh
from tests.integration.mesh.windows import ABSENT, GALACTIC_CENTRE, TRUNCATED, drill_windows
from tests.web.conftest import Watched


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
    row = page.get_by_role("row").filter(has_text=TRUNCATED)
    expect(row).to_contain_text("failed: ")
    row.click()
    expect(page.get_by_role("region", name=f"Window {TRUNCATED}").locator(".error")).to_be_in_viewport()
    watched.check_access()


def test_a_job_is_cancelled_where_it_runs(watched: Watched, mesh: Mesh) -> None:
    job = mesh.submit("noop", "noop", {"scws": drill_windows(40)}, {"seconds": 20, "salt": uuid.uuid4().hex})
    page = watched.open(f"/jobs/{job.id}/table")
    page.get_by_role("button", name="Cancel", exact=True).click()
    expect(page.locator("#state")).to_contain_text("cancelled", timeout=60_000)


@pytest.mark.parametrize("job_id", ["0" * 32, "nonsense"])
def test_a_job_that_is_none_is_told_in_a_sentence(watched: Watched, job_id: str) -> None:
    page = watched.open(f"/jobs/{job_id}/table")
    expect(page.get_by_role("alert").filter(has_text="There is no job")).to_be_visible()
    watched.forgive("404")
