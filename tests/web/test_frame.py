"""What every screen has: it comes whole from this host, anybody can use it, and it is small."""

import gzip
from pathlib import Path

import pytest
from playwright.sync_api import expect

from gateway.web import page as web
from tests.web.conftest import Watched

_DIST = Path(web.__file__).parent / "dist"


def test_the_page_fits_a_telephone(watched: Watched) -> None:
    for screen in ("/", "/jobs", "/about"):
        expect(watched.open(screen).get_by_role("heading", level=1)).to_be_visible()
        watched.check_telephone()


@pytest.mark.parametrize("screen", ["/", "/jobs", "/about", "/nowhere"])
def test_a_screen_shows_and_everybody_can_use_it(watched: Watched, screen: str) -> None:
    page = watched.open(screen if screen != "/nowhere" else "/about")
    if screen == "/nowhere":
        page.evaluate("history.pushState(null, '', '/nowhere'); dispatchEvent(new PopStateEvent('popstate'))")
    expect(page.get_by_role("heading", level=1)).to_be_visible()
    watched.check_access()


def test_about_names_the_licences_and_has_their_texts(watched: Watched) -> None:
    page = watched.open("/about")
    expect(page.get_by_text("LGPL-3.0-or-later")).to_be_visible()
    licence = page.get_by_role("link", name="COPYING.LESSER").get_attribute("href")
    answer = page.request.get(f"{watched.base}{licence}")
    assert (answer.status, "GNU LESSER GENERAL PUBLIC LICENSE" in answer.text()) == (200, True)


def test_the_first_load_is_small(watched: Watched) -> None:
    loaded: set[str] = set()
    watched.page.on("response", lambda answer: loaded.add(answer.url.rpartition("/")[2].partition("?")[0]))
    page = watched.open("/")
    expect(page.get_by_role("heading", level=1)).to_be_visible()

    def packed(ending: str) -> int:
        files = [_DIST / name for name in loaded if name.endswith(ending)]
        assert files
        return sum(len(gzip.compress(file.read_bytes(), 9)) for file in files)

    assert packed(".js") <= 60_000
    assert packed(".css") <= 8_000
