"""How quick the web page is in a real browser, on a gateway on doubles: table, light curve, catalogue, first paint."""

import io
import shutil
import statistics
from collections.abc import Iterator
from contextlib import contextmanager

import numpy as np
from astropy.io import fits
from playwright.sync_api import Browser, CDPSession, Page, expect, sync_playwright

from mesh.states import JobState, UnitState
from tests.unit.gateway.doubles import unit_row
from tests.web.doubles import OpenGateway, served
from tests.web.light_curves import light_curve

_FLAGS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader")
_PATIENCE_MS = 120_000
_SLOW_LINE = {"offline": False, "latency": 150, "downloadThroughput": 1.6e6 / 8, "uploadThroughput": 0.8e6 / 8}
_WINDOWS, _BUNDLES, _BUNDLE, _UPDATE_MS = 10_000, 80, 200, 100
_CURVE_BINS, _ZOOMS = 1_000_000, 8
_SOURCES, _EDITS = 500, 5
# From what a user does to the second picture after it: then everything is on the screen.
_UNTIL_DRAWN = """async (deed) => {
  const begin = performance.now();
  deed();
  await new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)));
  return performance.now() - begin;
}"""


def page_figures() -> dict[str, float]:
    """Return first paint [ms], CPU of 8 s of updates [s], the slowest zoom [ms] and an edit of a catalogue [ms]."""
    with _browser() as browser:
        gateway = OpenGateway()
        with served(gateway.app) as base:
            return {
                "page_first_paint_ms": round(_first_paint_ms(browser, base)),
                "table_10000_cpu_s": round(_table_cpu_s(browser, base, gateway), 2),
                "curve_1e6_zoom_ms": round(_zoom_ms(browser, base, gateway)),
                "catalogue_500_edit_ms": round(_edit_ms(browser, base, gateway)),
            }


@contextmanager
def _browser() -> Iterator[Browser]:
    program = shutil.which("chromium")
    assert program, "there is no Chromium: `make test` installs it"
    with sync_playwright() as driver:
        running = driver.chromium.launch(executable_path=program, args=[*_FLAGS])
        try:
            yield running
        finally:
            running.close()


def _first_paint_ms(browser: Browser, base: str) -> float:
    """Return the middle one of five first paints with nothing kept, on a line of 1.6 Mbit/s and 150 ms."""
    found = []
    for _ in range(5):
        context = browser.new_context()
        page = context.new_page()
        session = context.new_cdp_session(page)
        session.send("Network.enable")
        session.send("Network.emulateNetworkConditions", _SLOW_LINE)
        page.goto(f"{base}/", timeout=_PATIENCE_MS)
        expect(page.get_by_role("heading", level=1)).to_be_visible(timeout=_PATIENCE_MS)
        found.append(page.evaluate("performance.getEntriesByName('first-contentful-paint')[0].startTime"))
        context.close()
    return float(statistics.median(found))


def _table_cpu_s(browser: Browser, base: str, gateway: OpenGateway) -> float:
    """Return the CPU time of the page's main thread while 16 000 rows of a table of 10 000 change in 8 s."""
    labels = [f"0016{index // 100 + 1:04d}{index % 100:03d}0" for index in range(_WINDOWS)]
    body = {"instrument": "noop", "product": "noop", "selection": {"scws": labels}}
    job_id = gateway.submit(base, body)
    records = gateway.records
    records.plan(job_id, labels)
    page = _page(browser)
    page.goto(f"{base}/jobs/{job_id}/table", timeout=_PATIENCE_MS)
    expect(page.get_by_role("grid")).to_have_attribute("aria-rowcount", str(_WINDOWS + 2), timeout=_PATIENCE_MS)
    session = page.context.new_cdp_session(page)
    session.send("Performance.enable", {"timeDomain": "threadTicks"})
    begin = _cpu_s(session)
    turn = [*labels, *labels]
    for number in range(_BUNDLES):
        bundle = turn[number * _BUNDLE : (number + 1) * _BUNDLE]
        state = UnitState.RUNNING if number < _BUNDLES / 2 else UnitState.DONE
        stream = records.streams[job_id]
        for label in bundle:
            row = unit_row("image", label, state)
            records.tables[job_id]["image", label] = row
            stream.append((f"{len(stream) + 1}-0", {"type": "unit", "row": row.model_dump(mode="json")}))
        gateway.ring(job_id)
        page.mouse.wheel(0, 60)
        page.wait_for_timeout(_UPDATE_MS)
    took = _cpu_s(session) - begin
    expect(page.get_by_role("grid").get_by_role("rowheader").first).to_be_visible()
    records.finish(job_id, JobState.COMPLETED)
    page.context.close()
    return took


def _zoom_ms(browser: Browser, base: str, gateway: OpenGateway) -> float:
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
    found = [page.evaluate(f"({_UNTIL_DRAWN})(() => {zoom})") for _ in range(_ZOOMS)]
    page.context.close()
    return float(max(found))


def _edit_ms(browser: Browser, base: str, gateway: OpenGateway) -> float:
    """Return the middle one of several edits of a catalogue of 500 sources beside its image."""
    body = {"instrument": "isgri", "product": "isgri_image", "selection": {"scws": ["201600270010"]}}
    files = {"isgri_mosaic.fits": _mosaic(), "isgri_catalogue.fits": _catalogue()}
    job_id = gateway.add(base, body, "mosaic", files)
    page = _page(browser)
    page.goto(f"{base}/jobs/{job_id}/sky", timeout=_PATIENCE_MS)
    expect(page.get_by_label("RA of S0", exact=True)).to_be_visible(timeout=_PATIENCE_MS)
    expect(page.locator(".sky-place canvas").first).to_be_visible(timeout=_PATIENCE_MS)
    found = []
    for number in range(_EDITS):
        edit = f"""const cell = document.querySelector('[aria-label="RA of S{number}"]');
            cell.focus(); cell.value = '266.{number}1'; cell.blur()"""
        found.append(page.evaluate(f"({_UNTIL_DRAWN})(() => {{ {edit} }})"))
        expect(page.get_by_label(f"RA of S{number}", exact=True)).to_have_value(f"266.{number}100")
    page.context.close()
    return float(statistics.median(found))


def _page(browser: Browser) -> Page:
    return browser.new_context(viewport={"width": 1280, "height": 900}).new_page()


def _cpu_s(session: CDPSession) -> float:
    metrics = session.send("Performance.getMetrics")["metrics"]
    return float(next(one["value"] for one in metrics if one["name"] == "TaskDuration"))


def _mosaic() -> bytes:
    header = fits.Header({"CTYPE1": "RA---TAN", "CTYPE2": "DEC--TAN", "CRVAL1": 266.4, "CRVAL2": -29.0})
    header.update({"CRPIX1": 50.5, "CRPIX2": 50.5, "CDELT1": -0.1, "CDELT2": 0.1, "IMATYPE": "SIGNIFICANCE"})
    header.update({"E_MIN": 20.0, "E_MAX": 40.0})
    pixels = np.random.default_rng(1).normal(size=(100, 100)).astype(np.float32)
    return _written(fits.HDUList([fits.PrimaryHDU(), fits.ImageHDU(pixels, header)]))


def _catalogue() -> bytes:
    generator = np.random.default_rng(2)
    names = [f"S{number}" for number in range(_SOURCES)]
    columns = [
        fits.Column("src_names", "20A", array=names),
        fits.Column("ra", "1D", array=generator.uniform(262, 270, _SOURCES)),
        fits.Column("dec", "1D", array=generator.uniform(-33, -25, _SOURCES)),
        fits.Column("significance", "1E", array=generator.uniform(5, 50, _SOURCES)),
        fits.Column("ERR_RAD", "1E", array=np.full(_SOURCES, 0.01)),
        fits.Column("NEW_SOURCE", "1I", array=np.zeros(_SOURCES)),
    ]
    return _written(fits.HDUList([fits.PrimaryHDU(), fits.BinTableHDU.from_columns(columns)]))


def _written(hdus: fits.HDUList) -> bytes:
    content = io.BytesIO()
    hdus.writeto(content)
    return content.getvalue()
