"""Light curves are zoomed, put together, and compared by their hardness."""

import re
from collections.abc import Callable, Iterator

import numpy as np
import pytest
from playwright.sync_api import expect

from tests.web.conftest import Watched
from tests.web.doubles import OpenGateway, served
from tests.web.light_curves import isgri_light_curve

_SOURCE = "GX 1+4"
_BODY = {"instrument": "isgri", "product": "isgri_lc", "selection": {"scws": ["201600270010"]}}
_BINS = 200
_BEGIN = "2017-08-17T12:41:04.430"
_WRITTEN = """
window.written = [];
const fill = CanvasRenderingContext2D.prototype.fillText;
CanvasRenderingContext2D.prototype.fillText = function (text, ...rest) {
  window.written.push(text);
  fill.call(this, text, ...rest);
};
"""
"""Keeps what is written on a canvas: the labels of axes."""
_GENERATOR = np.random.default_rng(7)
_SOFT, _HARD = _GENERATOR.normal(20.0, 1.0, _BINS), _GENERATOR.normal(10.0, 1.0, _BINS)
# A bin that is not seen, below which a logarithmic axis would begin at 0.097, and one that only the soft band has.
_FAINT = 0.1265
_SOFT[17] = _HARD[17] = _FAINT
_HARD[30] = np.nan


@pytest.fixture
def watched(watch: Callable[[str, frozenset[str]], Watched]) -> Iterator[Watched]:
    gateway = OpenGateway()
    files = {
        "isgri_lc_GX_1+4_20-40.fits": isgri_light_curve(_SOURCE, (20, 40), _SOFT),
        "isgri_lc_GX_1+4_40-80.fits": isgri_light_curve(_SOURCE, (40, 80), _HARD),
    }
    with served(gateway.app) as base:
        page = watch(base, frozenset({base}))
        page.open(f"/jobs/{gateway.add(base, _BODY, 'lc_merge', files)}/curves?source=GX 1")
        yield page


def _told(text: str) -> list[float]:
    """Return the number of bins and their mean, as the page says them."""
    count, mean = text.partition(": ")[2].split(" bins, mean ", maxsplit=1)
    return [int(count), float(mean.partition(",")[0])]


def test_curves_are_zoomed_by_keyboard_and_bins_put_together(watched: Watched) -> None:
    page = watched.page
    strip = page.get_by_role("region", name=f"{_SOURCE}, 20–40 keV", exact=True)
    drawn = strip.get_by_role("img")
    expect(drawn).to_be_visible()
    told = str(drawn.get_attribute("aria-label"))
    assert _told(told) == pytest.approx([_BINS, _SOFT.mean()], rel=1e-3)
    strip.focus()
    page.keyboard.press("+")
    page.wait_for_url("**range=**")
    page.keyboard.press("0")
    page.get_by_label("logarithmic").check()
    expect(strip.locator("canvas")).to_be_visible()
    page.get_by_role("combobox", name="Bins", exact=True).select_option("5")
    expect(drawn).not_to_have_attribute("aria-label", told)
    assert _told(str(drawn.get_attribute("aria-label"))) == pytest.approx([_BINS / 5, _SOFT.mean()], rel=1e-3)
    watched.check_access()
    watched.check_telephone()


def test_the_hardness_is_that_of_the_bins_that_both_bands_show(watched: Watched) -> None:
    page = watched.page
    page.get_by_label("Hardness").select_option(label="40–80 keV to 20–40 keV")
    drawn = page.get_by_role("img", name="hardness of")
    expect(drawn).to_be_visible()
    used = np.ones(_BINS, dtype=bool)
    used[[17, 30]] = False
    ratio = ((_HARD - _SOFT) / (_HARD + _SOFT))[used]
    assert _told(str(drawn.get_attribute("aria-label"))) == pytest.approx([_BINS - 2, ratio.mean()], rel=1e-3)
    page.get_by_role("combobox", name="Bins", exact=True).select_option("100")
    drawn = page.get_by_role("img", name="hardness of")
    expect(drawn).to_have_attribute("aria-label", re.compile(": 2 bins"))
    hard, soft = (np.where(used, rates, 0.0).reshape(2, 100).sum(axis=1) for rates in (_HARD, _SOFT))
    # The bin that is not seen by itself counts where many are put together.
    hard[0] += _FAINT
    soft[0] += _FAINT
    together = (hard - soft) / (hard + soft)
    assert _told(str(drawn.get_attribute("aria-label")))[1] == pytest.approx(together.mean(), rel=1e-3)


def test_ticks_are_round_numbers_from_t0_and_pointing_tells_the_rate(watched: Watched) -> None:
    page = watched.page
    page.add_init_script(_WRITTEN)
    page.goto(f"{page.url}&unit=seconds&t0={_BEGIN}")
    strip = page.get_by_role("region", name=f"{_SOURCE}, 20–40 keV", exact=True)
    expect(strip.get_by_role("img")).to_be_visible()
    written: list[str] = page.evaluate("window.written")
    assert "time − T0 [s]" in written
    assert "count/s" in written
    assert {"0", "2000", "20000"} <= set(written)
    box = strip.locator(".u-over").bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + 20)
    told = strip.locator(".pointed")
    expect(told).to_have_text(re.compile(r"T0 \+ \d+ s \(2017-08-17 15:2\d:\d\d UTC\): \d+\.\d+ ± 1\.0 count/s"))
    # Who comes by with the wheel moves the page; who has chosen the curve zooms it.
    page.mouse.wheel(0, -100)
    assert "range=" not in page.url
    page.evaluate("window.written = []")
    strip.focus()
    page.mouse.wheel(0, -100)
    page.wait_for_url("**range=**")
    page.keyboard.press("+")
    page.keyboard.press("Shift+ArrowRight")
    expect(told).to_contain_text("± 1.0 count/s")
    numbers = [text for text in page.evaluate("window.written") if re.fullmatch(r"[−\d.]+", text)]
    assert numbers
    assert not [text for text in numbers if len(text.strip("−0")) > 4], numbers
