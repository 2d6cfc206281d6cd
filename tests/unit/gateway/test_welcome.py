"""A visitor without a path is told what this is."""

import re

import pytest

from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import call


@pytest.mark.parametrize("path", ["/", "/api/v1"])
def test_programs_get_links_that_lead_somewhere(gateway: Gateway, path: str) -> None:
    told = call(gateway.app, "GET", path).json()
    assert told["name"] == "odamesh"
    for link in told["links"].values():
        assert call(gateway.app, "GET", link).status_code == 200


def test_browsers_get_a_page(gateway: Gateway) -> None:
    answer = call(gateway.app, "GET", "/", headers={"Accept": "text/html,application/xhtml+xml"})
    assert answer.headers["content-type"].startswith("text/html")
    links = re.findall(r'href="([^"]+)"', answer.text)
    assert "/docs" in links
    for link in links:
        assert call(gateway.app, "GET", link).status_code == 200
