"""New query: a name becomes a position, a time any form; what it would take is told; errors stand at their fields."""

import json
import re
import subprocess
import sys

import pytest
from playwright.sync_api import Page, expect

from odamesh import Mesh
from tests.integration.mesh.windows import GALACTIC_CENTRE
from tests.web.conftest import Watched


def _windows(page: Page, windows: list[str]) -> None:
    page.get_by_label("a list of science windows", exact=True).check()
    page.get_by_label("Science windows", exact=True).fill("\n".join(windows))


def test_every_instrument_has_a_form_that_everybody_can_use(watched: Watched, mesh: Mesh) -> None:
    page = watched.open("/new")
    for name, instrument in mesh.instruments.items():
        page.get_by_label("Instrument", exact=True).select_option(name)
        for product in instrument.products.values():
            page.get_by_label("Product", exact=True).select_option(product.name)
            for parameter in product.parameters:
                expect(page.locator(f"[id='parameters.{parameter}']")).to_be_attached()
    page.get_by_label("Instrument", exact=True).select_option("isgri")
    watched.check_access()


def test_a_name_and_any_form_of_time_are_understood_and_the_count_is_told(watched: Watched) -> None:
    page = watched.open("/new")
    page.get_by_label("Source", exact=True).fill("4u1700-377")
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.get_by_label("RA", exact=True)).to_have_value("255.9865", timeout=20_000)
    page.get_by_label("From (UTC)", exact=True).fill("REV 2016")
    page.get_by_label("To (UTC)", exact=True).focus()
    expect(page.get_by_label("To (UTC)", exact=True)).not_to_have_value("")
    expect(page.locator("#told strong")).to_contain_text("science windows")
    expect(page.locator("#told")).to_contain_text("cannot be analysed")
    expect(page.get_by_role("img", name="pointing axes")).to_be_visible()


def test_a_source_alone_tells_what_the_archive_has_and_the_draft_outlasts_a_look_elsewhere(watched: Watched) -> None:
    page = watched.open("/new")
    page.get_by_label("Source", exact=True).fill("4u1700-377")
    page.get_by_label("Source", exact=True).press("Enter")
    expect(page.locator("#told")).to_contain_text("In the whole archive, within 15° of 4U 1700-377")
    page.get_by_role("button", name="Take this time").click()
    expect(page.get_by_label("From (UTC)", exact=True)).not_to_have_value("")
    expect(page.locator("#brief")).to_contain_text("science windows")
    page.get_by_role("link", name="Jobs", exact=True).click()
    page.get_by_role("link", name="New query", exact=True).click()
    expect(page.get_by_label("RA", exact=True)).to_have_value("255.9865")
    expect(page.get_by_text("This is what you wrote last")).to_be_visible()
    page.get_by_text("Which windows").click()
    page.get_by_role("button", name="Use as a list").click()
    listed = page.get_by_label("Science windows", exact=True).input_value().split()
    assert set(GALACTIC_CENTRE) <= set(listed), listed
    expect(page.locator("#brief")).to_contain_text(f"{len(listed)} science windows")
    watched.check_access()
    page.get_by_role("button", name="Clear the form").click()
    expect(page.get_by_label("RA", exact=True)).to_have_value("")
    expect(page.get_by_label("From (UTC)", exact=True)).to_have_value("")


def test_a_day_in_words_is_read_and_a_wrong_time_is_one_error_at_its_field(watched: Watched) -> None:
    page = watched.open("/new")
    begin, end = page.get_by_label("From (UTC)", exact=True), page.get_by_label("To (UTC)", exact=True)
    begin.fill("29 October 2018")
    expect(end).to_have_value("2018-10-30")
    begin.press("Tab")
    expect(begin).to_have_value("2018-10-29")
    page.keyboard.type("2018-10-31")
    expect(end).to_have_value("2018-10-31")
    end.fill("")
    begin.fill("some day")
    begin.press("Tab")
    told = page.locator("[id='selection.time.t1-error']")
    expect(told).to_contain_text("“some day” is no time")
    page.get_by_role("button", name="Run", exact=True).click()
    expect(begin).to_be_focused()
    alert = page.get_by_role("main").get_by_role("alert")
    expect(alert.get_by_role("listitem")).to_have_count(1)
    expect(alert).to_contain_text("From: “some day”")
    # The question for the time itself.
    watched.forgive("422")


def test_many_bands_are_written_at_once_and_taken_away(watched: Watched) -> None:
    page = watched.open("/new")
    page.get_by_text("Many bands").click()
    page.get_by_label("How many").fill("2")
    page.get_by_label("Lowest energy").fill("20")
    page.get_by_label("Highest energy").fill("80")
    page.get_by_role("button", name="Take these").click()
    expect(page.locator(".chip")).to_have_text([re.compile("20–40 keV"), re.compile("40–80 keV")])
    page.get_by_role("button", name="Remove all").click()
    expect(page.locator(".chip")).to_have_count(0)


def test_what_is_wrong_is_told_at_its_field_and_gets_the_focus(watched: Watched) -> None:
    page = watched.open("/new")
    _windows(page, GALACTIC_CENTRE)
    page.get_by_label("Detection threshold").fill("99")
    page.get_by_role("button", name="Run", exact=True).click()
    field = page.get_by_label("Detection threshold")
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_be_focused()
    expect(page.locator("[id='parameters.detection_threshold-error']")).to_contain_text("from 4 to 50")
    watched.forgive("422")


def test_the_page_lets_nothing_in_a_name_become_markup(watched: Watched) -> None:
    page = watched.open("/new?source=%3Cimg%20src%3Dx%20onerror%3Dalert(1)%3E")
    page.get_by_role("button", name="Find", exact=True).click()
    expect(page.get_by_role("status").filter(has_text="img")).to_be_visible()
    assert page.locator("main img").count() == 0
    watched.forgive("404")


@pytest.mark.parametrize("way", ["Python", "Command line", "curl"])
def test_each_snippet_submits_the_same_request(watched: Watched, mesh: Mesh, way: str) -> None:
    page = watched.open("/new")
    _windows(page, GALACTIC_CENTRE[:2])
    page.get_by_label("Bands").fill("40-80")
    page.get_by_role("button", name="Add band", exact=True).click()
    page.get_by_text("The same from Python").click()
    text = page.get_by_role("region", name=way).locator("pre").inner_text()
    expected = mesh.check("isgri", "isgri_image", {"scws": GALACTIC_CENTRE[:2]}, {"bands": [[20, 40], [40, 80]]})[
        "request_key"
    ]
    if way == "Python":
        checked = text.replace("mesh.submit(", "mesh.check(").partition("job.wait()")[0] + "print(job['request_key'])"
        key = _run([sys.executable, "-c", checked])
    elif way == "Command line":
        words = text.replace("odamesh submit", f"{sys.executable} -m odamesh submit --no-watch --json", 1)
        key = json.loads(_run(["sh", "-c", words]))["request_key"]
    else:
        key = json.loads(_run(["sh", "-c", text]))["request_key"]
    assert key == expected


def _run(command: list[str]) -> str:
    done = subprocess.run(command, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()
