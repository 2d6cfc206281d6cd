"""How quick the web page is in a real browser, on a gateway on doubles: first paint, table, light curve, catalogue.

``python -m tests.bench.page_in_browser [figure ...]`` measures these alone.
"""

import json
import shutil
import statistics
import sys
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from playwright.sync_api import Browser, CDPSession, Page, expect, sync_playwright

from mesh.states import JobState, UnitState
from tests.unit.gateway.doubles import unit_row
from tests.web.conftest import FLAGS
from tests.web.doubles import OpenGateway, served, submit
from tests.web.images import catalogue, mosaic
from tests.web.light_curves import light_curve

_PATIENCE_MS = 120_000
_SLOW_LINE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.8e6 / 8}
_WINDOWS, _BUNDLES, _BUNDLE, _UPDATE_MS = 10_000, 80, 200, 100
_CURVE_BINS, _ZOOMS = 1_000_000, 8
_SOURCES, _EDITS = 500, 5
# From what a user does until the picture after the next is out: effects run behind the first, and draw in the second.
_UNTIL_DRAWN = """async (deed) => {
  const begin = performance.now();
  deed();
  for (let picture = 0; picture < 2; picture++) {
    await new Promise((done) => requestAnimationFrame(() => setTimeout(() => setTimeout(done))));
  }
  return performance.now() - begin;
}"""

# The heading may be found before its picture is told.
_FIRST_PAINT = """() => new Promise((done) => new PerformanceObserver((list) => {
  for (const entry of list.getEntriesByName('first-contentful-paint')) done(entry.startTime);
}).observe({ type: 'paint', buffered: true }))"""


def first_paint_ms(browser: Browser, base: str, _gateway: OpenGateway) -> float:
    """Return the middle one of five first paints with nothing kept, on a line of 1.6 Mbit/s and 150 ms."""
    found: list[float] = []
    for _ in range(5):
        context = browser.new_context()
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", _SLOW_LINE)
        page.goto(f"{base}/", timeout=_PATIENCE_MS)
        expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=_PATIENCE_MS)
        found.append(page.evaluate(_FIRST_PAINT))
        context.close()
    return round(statistics.median(found))


def table_cpu_s(browser: Browser, base: str, gateway: OpenGateway) -> float:
    """Return the CPU time of the page's main thread while 16 000 rows of a table of 10 000 change in 8 s."""
    labels = [f"0016{index // 100 + 1:04d}{index % 100:03d}0" for index in range(_WINDOWS)]
    body = {"instrument": "isgri", "product": "isgri_image", "selection": {"scws": labels}}
    job_id = submit(base, body)
    gateway.records.plan(job_id, labels)
    page = _page(browser)
    page.goto(f"{base}/jobs/{job_id}/table", timeout=_PATIENCE_MS)
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(_WINDOWS + 1), timeout=_PATIENCE_MS)
    session = page.context.new_cdp_session(page)
    page.get_by_role("grid").hover()
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    begin = _cpu_s(session)
    changes = [*((label, UnitState.RUNNING) for label in labels), *((label, UnitState.DONE) for label in labels)]
    for number in range(_BUNDLES):
        bundle = changes[number * _BUNDLE : (number + 1) * _BUNDLE]
        gateway.records.move(job_id, *(unit_row("image", label, state) for label, state in bundle))
        gateway.ring(job_id)
        page.mouse.wheel(0, 60)
        page.wait_for_timeout(_UPDATE_MS)
    took = _cpu_s(session) - begin
    expect(page.get_by_role("button", name=f"done {_BUNDLES * _BUNDLE - _WINDOWS}")).to_be_visible()
    gateway.records.finish(job_id, JobState.COMPLETED)
    page.context.close()
    return round(took, 2)


def curve_zoom_ms(browser: Browser, base: str, gateway: OpenGateway) -> float:
    """Return the longest of several zooms into a light curve of a million bins."""
    body = {
        "instrument": "spiacs",
        "product": "spi_acs_lc",
        "selection": {"time": {"t1": "2017-08-17T12:00:00", "t2": "2017-08-18T02:00:00"}},
    }
    job_id = gateway.add(base, body, "light_curve", {"spi_acs_lc.fits": light_curve(bins=_CURVE_BINS)})
    page = _page(browser)
    page.goto(f"{base}/jobs/{job_id}/curves", timeout=_PATIENCE_MS)
    expect(page.locator(".strip canvas").first).to_be_visible(timeout=_PATIENCE_MS)
    zoom = "document.querySelector('.strip').dispatchEvent(new KeyboardEvent('keydown', {key: '+', bubbles: true}))"
    found: list[float] = [page.evaluate(f"({_UNTIL_DRAWN})(() => {zoom})") for _ in range(_ZOOMS)]
    assert "range=" in page.url, "nothing was zoomed"
    page.context.close()
    return round(max(found))


def catalogue_edit_ms(browser: Browser, base: str, gateway: OpenGateway) -> float:
    """Return the middle one of several edits of a catalogue of 500 sources beside its image."""
    body = {"instrument": "isgri", "product": "isgri_image", "selection": {"scws": ["201600270010"]}}
    files = {"isgri_mosaic.fits": mosaic(), "isgri_catalogue.fits": catalogue(_SOURCES)}
    job_id = gateway.add(base, body, "mosaic", files)
    page = _page(browser)
    page.goto(f"{base}/jobs/{job_id}/sky", timeout=_PATIENCE_MS)
    expect(page.get_by_role("rowheader", name="S0", exact=True)).to_be_visible(timeout=_PATIENCE_MS)
    expect(page.locator(".sky-place canvas").first).to_be_visible(timeout=_PATIENCE_MS)
    found: list[float] = []
    for number in range(_EDITS):
        page.get_by_role("rowheader", name=f"S{number}", exact=True).click()
        expect(page.get_by_label(f"RA of S{number}", exact=True)).to_be_visible()
        edit = f"""const cell = document.querySelector('[aria-label="RA of S{number}"]');
            cell.focus(); cell.value = '266.{number}1'; cell.blur()"""
        found.append(page.evaluate(f"({_UNTIL_DRAWN})(() => {{ {edit} }})"))
        expect(page.get_by_label(f"RA of S{number}", exact=True)).to_have_value(f"266.{number}100")
    page.context.close()
    return round(statistics.median(found))


# A canvas of two dimensions is drawn by Chromium itself where there is no GPU. With the imitation of one, which WebGL
# needs, every picture goes through it too: that takes up to half a second beside 20 ms of the page's own.
_WITHOUT_GPU = ("--no-sandbox", "--disable-gpu")
_FLAGS = {"curve_1e6_zoom_ms": _WITHOUT_GPU}
_FIGURES: dict[str, Callable[[Browser, str, OpenGateway], float]] = {
    "page_first_paint_ms": first_paint_ms,
    "table_10000_cpu_s": table_cpu_s,
    "curve_1e6_zoom_ms": curve_zoom_ms,
    "catalogue_500_edit_ms": catalogue_edit_ms,
}


def page_figures(wanted: Sequence[str] = ()) -> dict[str, float]:
    """Return figures of the page by their names: those that are wanted, or all."""
    gateway = OpenGateway()
    found: dict[str, float] = {}
    with served(gateway.app) as base:
        for name in wanted or _FIGURES:
            with _browser(_FLAGS.get(name, FLAGS)) as browser:
                found[name] = _FIGURES[name](browser, base, gateway)
    return found


@contextmanager
def _browser(flags: Sequence[str]) -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "there is no Chromium: `make test` installs it"
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program, args=[*flags])
        try:
            yield running
        finally:
            running.close()


def _page(browser: Browser) -> Page:
    return browser.new_context(viewport={"width": 1280, "height": 900}).new_page()


def _cpu_s(session: CDPSession) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


if __name__ == "__main__":
    print(json.dumps(page_figures(sys.argv[1:]), indent=1))
