"""A real browser in front of the gateway of the mesh under test; it may ask nobody else, and complaints fail."""

import os
import shutil
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import (
    Browser,
    BrowserContext,
    ConsoleMessage,
    Page,
    Playwright,
    Request,
    expect,
    sync_playwright,
)

from infra.stack.packages import install
from mesh.settings import Settings
from odamesh import Mesh

PICTURES = Path(__file__).parent / "pictures"
"""Of the pages of tests that failed."""
FLAGS = ("--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader", "--disable-gpu-sandbox")
"""Of Chromium as root on a machine without a GPU: WebGL is drawn by software."""
_AXE = Path(__file__).parents[2] / "gateway" / "web" / "node_modules" / "axe-core" / "axe.min.js"
_PATIENCE_MS = 60_000
"""What does not appear in this time is not there; on a busy machine a page takes its time."""
expect.set_options(timeout=_PATIENCE_MS)


@dataclass
class Watched:
    """A page of the browser, with everything that it must not do."""

    page: Page
    base: str
    own: frozenset[str]
    """Origins that may be asked: the gateway and the store."""
    complaints: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.set_default_timeout(_PATIENCE_MS)
        self.page.on("request", self._look)
        self.page.on("pageerror", lambda error: self.complaints.append(f"error: {error}"))
        self.page.on("console", self._hear)

    def _hear(self, said: ConsoleMessage) -> None:
        if said.type == "error":
            self.complaints.append(said.text)

    def _look(self, request: Request) -> None:
        parts = urlsplit(request.url)
        if parts.scheme in {"http", "https", "ws", "wss"} and f"{parts.scheme}://{parts.netloc}" not in self.own:
            self.complaints.append(f"asked another host: {request.url}")

    def open(self, path: str) -> Page:
        """Open a screen."""
        self.page.goto(f"{self.base}{path}")
        return self.page

    def forgive(self, words: str) -> None:
        """Forget complaints that the test itself caused."""
        self.complaints[:] = [text for text in self.complaints if words not in text]

    def check_telephone(self) -> None:
        """Check that the screen fits a telephone, without being moved sideways."""
        before = self.page.viewport_size
        self.page.set_viewport_size({"width": 390, "height": 800})
        # Plots take their new width with the next picture. Asked anew from here: what the browser itself repeats
        # (``wait_for_function``) is text that is evaluated, which the policy of the page forbids.
        deadline = time.monotonic() + _PATIENCE_MS / 4000
        while self.page.evaluate("document.documentElement.scrollWidth") > 390:
            assert time.monotonic() < deadline, "the screen is wider than a telephone"
            self.page.wait_for_timeout(50)
        if before:
            self.page.set_viewport_size(before)

    def check_access(self) -> None:
        """Check that people who do not see, or do not point, can use what is shown (axe: no violation)."""
        if not self.page.evaluate("'axe' in window"):
            # Into the page's own world by the debugger, which the policy of the page does not concern.
            self.page.evaluate(_AXE.read_text(encoding="utf-8") + "\n;0")
        found: list[dict[str, Any]] = self.page.evaluate("axe.run().then(found => found.violations)")
        told = [(one["id"], [node["html"][:200] for node in one["nodes"][:3]]) for one in found]
        assert not told, told


@pytest.fixture(scope="session")
def playwright() -> Iterator[Playwright]:
    """The driver of browsers."""
    with sync_playwright() as driver:
        yield driver


@pytest.fixture(scope="session")
def program() -> str:
    """Debian's Chromium, installed where it is missing."""
    install(["chromium"])
    found = shutil.which("chromium")
    assert found, "there is no Chromium, which the tests of the page drive"
    return found


@pytest.fixture(scope="session")
def browser(playwright: Playwright, program: str) -> Iterator[Browser]:
    """A browser without window; WebGL by software."""
    running = playwright.chromium.launch(executable_path=program, args=[*FLAGS])
    yield running
    running.close()


@pytest.fixture(scope="session")
def base(mesh: Mesh) -> str:
    """Address of the gateway of the mesh under test."""
    assert mesh.instruments
    return f"http://127.0.0.1:{os.environ['ODAMESH_GATEWAY_PORT']}"


@pytest.fixture(scope="session")
def own(base: str, home: Path) -> frozenset[str]:
    """The origins that the page may ask."""
    return frozenset({base, Settings(home=home).connections("gateway").store.address})


@pytest.fixture
def context(browser: Browser) -> Iterator[BrowserContext]:
    """A browser that knows nothing yet."""
    fresh = browser.new_context(viewport={"width": 1280, "height": 900})
    yield fresh
    fresh.close()


@pytest.fixture
def watch(
    context: BrowserContext, request: pytest.FixtureRequest
) -> Generator[Callable[[str, frozenset[str]], Watched]]:
    """What opens a page of a gateway and watches it; a test that fails leaves pictures of its pages."""
    begun: list[Watched] = []

    def begin(base: str, own: frozenset[str]) -> Watched:
        begun.append(Watched(context.new_page(), base, own))
        return begun[-1]

    yield begin
    for number, page in enumerate(begun):
        if getattr(request.node, "failed", False):
            PICTURES.mkdir(exist_ok=True)
            page.page.screenshot(path=PICTURES / f"{request.node.name}-{number}.png", full_page=True)
        assert not page.complaints, page.complaints


@pytest.fixture
def watched(watch: Callable[[str, frozenset[str]], Watched], base: str, own: frozenset[str]) -> Watched:
    """A page of the gateway of the mesh under test."""
    return watch(base, own)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Tell the fixtures of a test that it failed."""
    report = yield
    if report.when == "call" and report.failed:
        item.failed = True  # type: ignore[attr-defined]
    return report
