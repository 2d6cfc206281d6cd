"""What the client of the public service's gallery asks for: revolutions are told, the rest is not here."""

from dataclasses import replace
from pathlib import Path

import pytest

from gateway.application import create_app
from gateway.archive import GatewayArchive
from gateway.oda.gallery import ABSENT
from mesh.archive.index import COMPACT_PATH
from tests.unit.archive.windows import entry
from tests.unit.gateway.conftest import Gateway
from tests.unit.gateway.doubles import call


@pytest.fixture
def archived(gateway: Gateway, tmp_path: Path) -> Gateway:
    """A gateway whose archive has windows of two revolutions."""
    index = tmp_path / COMPACT_PATH
    index.parent.mkdir(parents=True)
    entries = [entry("201600270010.001", "2018-10-29T03:00:00"), entry("201700010010.001", "2018-10-31T20:00:00")]
    index.write_text("\n".join(one.to_json() for one in entries))
    gateway.app = create_app(replace(gateway.app.state.parts, archive=GatewayArchive(str(tmp_path))))
    return gateway


@pytest.mark.parametrize(
    ("time", "revolution"), [("2018-10-29T03:10:00", 2016), ("58422.84", 2017), ("201700010010", 2017)]
)
def test_a_time_has_a_revolution(archived: Gateway, time: str, revolution: int) -> None:
    answer = call(archived.app, "GET", "/dispatch-data/get_revnum", params={"time_to_convert": time, "token": "None"})
    assert answer.json() == {"revnum": revolution}


@pytest.mark.parametrize(
    ("time", "words"),
    [("yesterday", "time_to_convert"), ("1999-01-01T00:00:00", "no science window near"), ("", "no science window")],
)
def test_a_time_without_revolution_says_why(archived: Gateway, time: str, words: str) -> None:
    answer = call(archived.app, "GET", "/get_revnum", params={"time_to_convert": time})
    assert answer.status_code == 400
    assert words in answer.json()["error_message"]


@pytest.mark.parametrize("path", ABSENT)
def test_what_is_not_here_says_so_as_the_client_shows_it(gateway: Gateway, path: str) -> None:
    answer = call(gateway.app, ABSENT[path], f"/dispatch-data{path}")
    assert answer.status_code == 501
    assert "no product gallery" in answer.json()["error_message"]
