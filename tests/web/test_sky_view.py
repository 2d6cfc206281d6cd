"""The image of the sky by mouse and keyboard, and the catalogue beside it: both say the same, nothing is lost."""

import re
from collections.abc import Callable, Iterator

import pytest
from playwright.sync_api import Locator, Page, expect

from tests.web.conftest import Watched
from tests.web.doubles import OpenGateway, served
from tests.web.images import catalogue, mosaic

_BODY = {"instrument": "isgri", "product": "isgri_image", "selection": {"scws": ["201600270010"]}}
_GREEN = """() => {
    const canvas = document.querySelector('canvas.marks');
    const { data } = canvas.getContext('2d').getImageData(0, 0, canvas.width, canvas.height);
    let count = 0;
    for (let at = 0; at < data.length; at += 4) {
        count += data[at] === 79 && data[at + 1] === 208 && data[at + 2] === 165;
    }
    return count;
}"""
"""How many points of the overlay have the colour of the markers of known sources."""


@pytest.fixture
def watched(watch: Callable[[str, frozenset[str]], Watched]) -> Iterator[Watched]:
    gateway = OpenGateway()
    with served(gateway.app) as base:
        files = {"isgri_mosaic.fits": mosaic(), "isgri_catalogue.fits": catalogue(3)}
        job = gateway.add(base, _BODY, "mosaic", files)
        watched = watch(base, frozenset({base}))
        watched.open(f"/jobs/{job}/sky?names=off&grid=off")
        expect(watched.page.locator(".sky-place canvas.marks")).to_be_visible()
        expect(_row(watched.page, "S0")).to_be_visible()
        yield watched


def _row(page: Page, name: str) -> Locator:
    return page.get_by_role("row").filter(has=page.get_by_role("rowheader", name=name, exact=True))


def test_what_is_edited_is_on_the_sky_at_once_and_kept_for_the_tab(watched: Watched) -> None:
    page = watched.page
    row, undo = _row(page, "S0"), page.get_by_role("button", name="Undo", exact=True)
    expect(_row(page, "S1")).to_contain_text("1.50 ± 0.25")
    expect(_row(page, "S1")).to_contain_text("6.0")
    drawn = page.evaluate(_GREEN)
    assert drawn > 0
    row.get_by_role("button", name="Take out S0").click()
    # No moment in which the sky shows what the table does not.
    assert 0 < page.evaluate(_GREEN) < drawn
    expect(undo).to_be_focused()
    page.keyboard.press("Control+z")
    expect(row).to_be_focused()
    page.keyboard.press("Escape")
    page.keyboard.press("Delete")
    expect(row).to_have_count(0)
    # Another screen and back, and the page loaded anew.
    tabs = page.get_by_role("navigation", name="Of this job")
    tabs.get_by_role("link", name="Files").click()
    tabs.get_by_role("link", name="Sky").click()
    expect(_row(page, "S1")).to_be_visible()
    expect(row).to_have_count(0)
    page.reload()
    expect(page.get_by_text("S0 was taken out.")).to_be_visible()
    expect(row).to_have_count(0)
    page.get_by_text("This job with the changed catalogue").click()
    use = page.get_by_role("region", name="Use this catalogue")
    expect(use.get_by_role("region", name="Python")).to_contain_text('"S1"')
    page.get_by_role("button", name="Back to the catalogue of the job").click()
    expect(row).to_be_visible()
    watched.check_access()
    watched.check_telephone()


def test_a_source_is_added_named_and_dragged_on_the_sky(watched: Watched) -> None:
    page = watched.page
    stage = page.locator(".sky-stage")
    box = stage.bounding_box()
    assert box is not None
    x, y = box["x"] + 60, box["y"] + 120
    page.mouse.click(x, y)
    page.get_by_role("button", name="Add a source here").click()
    expect(page.get_by_label("Name of ADDED_1")).to_be_focused()
    page.keyboard.type("MINE")
    page.keyboard.press("Enter")
    expect(page.get_by_text("ADDED_1 was renamed to MINE.")).to_be_visible()
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80, y + 30, steps=4)
    page.mouse.up()
    expect(page.get_by_text("MINE was moved by")).to_be_visible()
    expect(page.locator(".readout")).to_contain_text("MINE is 0.0′ away")
    after = stage.bounding_box()
    assert after == box, "the image has jumped"
    page.get_by_role("button", name="Undo", exact=True).click()
    expect(page.get_by_text("Undone: MINE was moved by")).to_be_visible()
    page.get_by_role("button", name="Redo", exact=True).click()
    expect(page.get_by_text("MINE was moved by")).to_be_visible()
    watched.check_access()


def test_the_view_is_moved_by_keys_and_stays_as_the_band_changes(watched: Watched) -> None:
    page = watched.page
    map_ = page.get_by_role("application")
    box = map_.bounding_box()
    assert box is not None
    # The wheel scrolls the page as long as the image was not clicked.
    page.mouse.move(box["x"] + 100, box["y"] + 100)
    page.mouse.wheel(0, 100)
    expect(page.get_by_text("then the wheel zooms")).to_be_visible()
    assert "fov=" not in page.url
    map_.focus()
    page.keyboard.press("ArrowRight")
    page.keyboard.press("+")
    page.wait_for_url("**fov=**")
    seen = page.url.partition("ra=")[2]
    page.get_by_label("Band [keV]").select_option("40–80")
    expect(_row(page, "S1")).to_contain_text("2.50 ± 0.25")
    expect(map_).to_have_attribute("aria-label", re.compile("^significance .*, 40–80 keV, with 3 sources"))
    assert seen and seen in page.url
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy link to this view").click()
    expect(page.get_by_role("button", name="Copied")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == page.url
    map_.focus()
    page.keyboard.press("0")
    page.wait_for_url(lambda address: "fov=" not in address)
    _row(page, "S2").click()
    told = "S2 in 40–80 keV, of the catalogue: 14.0 σ, 3.50 ± 0.25 count/s, position ± 0.6′"
    expect(page.locator(".readout")).to_contain_text(told)
    with page.expect_download() as saved:
        page.get_by_role("button", name="Picture of this view (PNG)").click()
    assert saved.value.suggested_filename == "significance_40-80keV.png"
