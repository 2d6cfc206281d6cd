"""resolve_name in the form that the protocol has for it."""

from typing import Any

import pytest

from tests.unit.gateway.conftest import Gateway, gateway
from tests.unit.gateway.doubles import call

__all__ = ["gateway"]


def _resolve(gateway: Gateway, name: str) -> dict[str, Any]:
    answer = call(gateway.app, "GET", "/dispatch-data/resolve_name", params={"name": name})
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def test_a_source_of_the_reference_catalogue_has_a_position(gateway: Gateway) -> None:
    found = _resolve(gateway, "gx_1+4")
    assert (found["name"], found["message"]) == ("GX 1+4", "gx_1+4 successfully resolved")
    assert found["RA"] == pytest.approx(263.009, abs=0.01)
    assert found["DEC"] == pytest.approx(-24.746, abs=0.01)
    assert "GX 1+4" in found["object_ids"]


@pytest.mark.parametrize(("name", "words"), [("no such source at all", "does not know"), ("IGR", "may be any of")])
def test_what_cannot_be_resolved_says_why(gateway: Gateway, name: str, words: str) -> None:
    found = _resolve(gateway, name)
    assert "RA" not in found
    assert "could not be resolved" in found["message"]
    assert words in found["message"]


@pytest.mark.parametrize("name", ["", "x" * 200])
def test_no_name_is_not_understood(gateway: Gateway, name: str) -> None:
    answer = call(gateway.app, "GET", "/resolve_name", params={"name": name})
    assert answer.status_code == 400
    assert "give the name" in answer.json()["error"]
