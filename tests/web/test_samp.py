"""Files go to programs on the desk of the user, through a real SAMP hub; without one, that is said."""

import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import Empty, Queue

import httpx
import pytest
from playwright.sync_api import expect
from pyvo.samp import SAMPHubServer, SAMPIntegratedClient, conf

from tests.web.conftest import Watched
from tests.web.doubles import OpenGateway, served
from tests.web.light_curves import light_curve

_HUB = "http://localhost:21012"
_BODY = {
    "instrument": "spiacs",
    "product": "spi_acs_lc",
    "selection": {"time": {"t1": "2017-08-17T12:40:00", "t2": "2017-08-17T12:45:00"}},
}


class _Consent:
    """The user of the desk, who lets everybody in; the hub puts its questions into the queues."""

    queue_request: "Queue[object]"
    queue_result: "Queue[bool]"

    def answer(self) -> None:
        """Answer one question, if there is one."""
        try:
            self.queue_request.get(timeout=0.05)
        except Empty:
            return
        self.queue_result.put(True)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[SAMPIntegratedClient]:
    """A program that takes tables, at a hub of its own."""
    conf.use_internet = False
    dialog, over = _Consent(), threading.Event()
    hub = SAMPHubServer(web_profile_dialog=dialog, web_profile=True, lockfile=str(tmp_path / "samp"), pool_size=2)
    hub.start()

    def ask() -> None:
        while not over.is_set():
            dialog.answer()

    asking = threading.Thread(target=ask, daemon=True)
    asking.start()
    program = SAMPIntegratedClient(name="desk")
    program.connect(hub=hub)
    yield program
    program.disconnect()
    over.set()
    asking.join()
    hub.stop()


@pytest.fixture
def watched(watch: Callable[[str, frozenset[str]], Watched]) -> Iterator[Watched]:
    gateway = OpenGateway()
    with served(gateway.app) as base:
        job = gateway.add(base, _BODY, "light_curve", {"spi_acs_lc.fits": light_curve()})
        page = watch(base, frozenset({base, _HUB}))
        page.open(f"/jobs/{job}/curves")
        yield page


def test_a_light_curve_is_sent_to_who_takes_tables(watched: Watched, desk: SAMPIntegratedClient) -> None:
    heard: list[dict[str, str]] = []
    desk.bind_receive_notification("table.load.fits", lambda _key, _from, _type, params, _extra: heard.append(params))
    watched.page.get_by_role("button", name="Send to programs").click()
    expect(watched.page.get_by_text("spi_acs_lc.fits sent to 1 programs.")).to_be_visible()
    (sent,) = heard
    assert sent["name"] == "spi_acs_lc.fits"
    assert httpx.get(sent["url"]).content == light_curve()


def test_without_a_hub_it_says_what_to_start(watched: Watched) -> None:
    watched.page.get_by_role("button", name="Send to programs").click()
    expect(watched.page.get_by_text("No SAMP hub answers")).to_be_visible()
    watched.forgive("ERR_CONNECTION_REFUSED")
    watched.check_access()
