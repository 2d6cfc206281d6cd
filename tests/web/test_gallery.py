"""The gallery: events are narrowed by the address, and the record of one tells what there is and why not more."""

import io
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from matplotlib.image import imsave
from playwright.sync_api import expect

from mesh.contracts.notice import Messenger
from tests.unit.gateway.guarded import Guarded
from tests.web.conftest import Watched
from tests.web.doubles import end_with, kept, served, submit
from tests.web.events import enter, merger, record_of
from tests.web.images import catalogue, mosaic, region
from tests.web.light_curves import light_curve


@pytest.fixture
def gateway() -> Guarded:
    gateway = Guarded(parts={"files": "stream"})
    picture = io.BytesIO()
    imsave(picture, np.zeros((4, 8)), format="png")
    curve = kept(gateway.products, "light_curve", {"spi_acs_lc.fits": light_curve()})
    overview = kept(gateway.products, "localise", {"preview.png": picture.getvalue(), "combined_90.moc.fits": region()})
    enter(gateway, merger(curve, overview))
    enter(gateway, record_of("icecube:1_2", messenger=Messenger.NEUTRINO, trigger_time="2020-06-15T14:49:17Z"))
    enter(
        gateway,
        record_of("swift:1", state="RETRACTED", why="its sender has retracted it", trigger_time="2022-09-30T11:11:52Z"),
    )
    return gateway


@pytest.fixture
def watched(gateway: Guarded, watch: Callable[[str, frozenset[str]], Watched]) -> Iterator[Watched]:
    with served(gateway.app) as base:
        yield watch(base, frozenset({base}))


def test_events_are_narrowed_and_the_address_shows_the_same_again(watched: Watched) -> None:
    page = watched.open("/gallery")
    cards = page.get_by_role("article")
    expect(cards).to_have_count(3)
    expect(page.get_by_role("article", name="1", exact=True)).to_contain_text("retracted by its sender")
    watched.check_access()
    watched.check_telephone()
    page.get_by_label("Class").select_option("GW")
    expect(cards).to_have_count(1)
    assert "class=GW" in page.url
    page.reload()
    expect(cards).to_have_count(1)
    expect(cards).to_contain_text("GW170817")
    page.get_by_label("Class").select_option("")
    expect(cards).to_have_count(3)
    page.get_by_label("Name or words").fill("gw1708")
    page.get_by_label("Name or words").press("Enter")
    expect(cards).to_have_count(1)
    page.get_by_label("Name or words").fill("")
    page.get_by_label("Name or words").press("Enter")
    expect(cards).to_have_count(3)
    page.get_by_label("State").select_option("RETRACTED")
    expect(cards).to_have_count(1)
    page.get_by_label("State").select_option("")
    page.get_by_label("With data of").select_option("spiacs")
    expect(cards).to_have_count(1)


def test_a_part_of_the_time_line_is_chosen_by_dragging(watched: Watched) -> None:
    page = watched.open("/gallery")
    line = page.get_by_role("img", name="3 events")
    box = line.bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + 0.4 * box["width"], box["y"] + 20)
    page.mouse.down()
    page.mouse.move(box["x"] + 0.7 * box["width"], box["y"] + 20)
    page.mouse.up()
    expect(page.get_by_role("article")).to_have_count(1)
    expect(page.get_by_role("article")).to_contain_text("1_2")
    expect(page.get_by_label("From (UTC)")).not_to_have_value("")


def test_a_record_tells_what_was_seen_and_why_not_more(watched: Watched) -> None:
    page = watched.open("/gallery?text=GW170817")
    page.get_by_role("link", name="GW170817").click()
    page.wait_for_url("**/transients/lvk%3AG298048")
    expect(page.get_by_role("heading", level=1)).to_have_text("GW170817")
    polar = page.get_by_role("region", name="Instruments").get_by_role("row").filter(has_text="POLAR")
    expect(polar).to_contain_text("operations ended on 2017-04-01")
    lines = page.get_by_role("list", name="Answer").get_by_role("listitem")
    expect(lines).to_have_text(["SPI-ACS: S/N 4.6 at T0+1.95 s", "POLAR: no data: operations ended on 2017-04-01"])
    curve = page.get_by_role("region", name="Light curves").get_by_role("img")
    told = "Light curve of INTEGRAL SPI-ACS: 200 bins, mean 1006, from 1000 to 1400, highest 0.5 s after T0"
    expect(curve).to_have_attribute("aria-label", told)
    expect(page.get_by_role("region", name="Light curves").get_by_role("link")).to_have_text("spi_acs_lc.fits")
    localisation = page.get_by_role("region", name="Localisation")
    expect(localisation).to_contain_text("5.00 and 16.2 deg²")
    expect(localisation).to_contain_text("31.0 %")
    expect(localisation.get_by_role("row").filter(has_text="hard")).to_contain_text("4.0e-7 (3.0e-7 to 5.0e-7)")
    expect(localisation.get_by_role("img", name="The whole sky")).to_be_visible()
    excesses = page.get_by_role("region", name="Excesses")
    expect(excesses).to_contain_text("likely associated")
    excesses.get_by_role("button", name="2017-08-17 12:41:06.380").click()
    page.wait_for_url("**range=**")
    page.keyboard.press("Shift+ArrowRight")
    expect(page.locator(".strip .pointed")).to_contain_text("count/s")
    watched.check_access()
    watched.check_telephone()


def test_the_region_of_an_event_is_drawn_over_an_image(watched: Watched, gateway: Guarded) -> None:
    body = {"instrument": "isgri", "product": "isgri_image", "selection": {"scws": ["201600270010"]}}
    job_id = submit(watched.base, body)
    end_with(gateway, job_id, "mosaic", {"isgri_mosaic.fits": mosaic(), "isgri_catalogue.fits": catalogue(3)})
    page = watched.open(f"/jobs/{job_id}/sky")
    page.get_by_text("Look and regions", exact=True).click()
    event = page.get_by_label("Credible region of event")
    event.fill("GW170817")
    expect(page.locator("#events-of-gallery option")).to_have_count(3)
    event.press("Enter")
    drawn = page.get_by_role("group", name="Regions drawn")
    expect(drawn).to_contain_text("combined_90.moc.fits is 18° away")
    drawn.get_by_role("button", name="Go to it").click()
    expect(drawn.get_by_role("button")).to_have_count(0)
    assert "regions=" in page.url
    event.fill("icecube:1_2")
    page.get_by_role("button", name="Draw", exact=True).click()
    expect(page.get_by_role("alert").filter(has_text="no credible region of 1_2")).to_be_visible()
    watched.check_access()
    watched.check_telephone()


def test_a_name_that_nobody_knows_is_told_in_a_sentence(watched: Watched) -> None:
    page = watched.open("/transients/%E0%A4")
    expect(page.get_by_role("alert").filter(has_text="There is no event")).to_be_visible()
    watched.forgive("404")
