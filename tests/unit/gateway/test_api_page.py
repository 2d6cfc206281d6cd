"""The page about the interface: everything that it loads comes from the gateway itself."""

import re

import httpx
import pytest

from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import call

_FOREIGN = re.compile(r"(?:[a-z]+:)?//[\w-]+(?:\.[\w-]+)+", re.IGNORECASE)
_LOADED = re.compile(r"(?:src|href|url)(?:=|: )[\"']([^\"']+)[\"']")


@pytest.fixture
def page(gateway: Gateway) -> httpx.Response:
    return call(gateway.app, "GET", "/docs")


def test_the_page_names_no_foreign_host(page: httpx.Response) -> None:
    assert page.status_code == 200
    assert _FOREIGN.findall(page.text) == []
    assert '"validatorUrl": null' in page.text


def test_what_the_page_loads_is_served_here(gateway: Gateway, page: httpx.Response) -> None:
    kinds = {}
    for address in _LOADED.findall(page.text):
        answer = call(gateway.app, "GET", address)
        assert answer.status_code == 200, address
        assert len(answer.content) > 500
        kinds[answer.headers["content-type"].split(";")[0]] = answer
    assert {kind.rpartition("/")[2] for kind in kinds} == {"javascript", "css", "png", "json"}
    assert b"SwaggerUIBundle" in kinds["text/javascript"].content
    style = kinds["text/css"].text  # may load files too: fonts, other styles, pictures
    assert "@import" not in style
    assert {address[:5] for address in re.findall(r"url\(\s*[\"']?(.{5})", style)} <= {"data:"}


def test_what_is_not_there_is_a_problem_document(gateway: Gateway) -> None:
    missing = call(gateway.app, "GET", "/docs/swagger/none.js")
    assert (missing.status_code, missing.json()["status"]) == (404, 404)
