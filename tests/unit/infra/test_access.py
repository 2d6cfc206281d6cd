"""The access file: keys made once and rotated by hand, beside what the operator says; a mistake changes nothing."""

import tomllib
from pathlib import Path
from typing import Any

import pytest

from gateway.auth.access_file import read_access
from infra.stack import access, kafka_file
from infra.stack.layout import Layout
from infra.stack.problem import SetupProblem


@pytest.fixture
def layout(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Layout:
    monkeypatch.setenv("ODAMESH_SEPARATE_USERS", "no")
    return Layout(tmp_path, tmp_path)


def _signing(layout: Layout) -> Any:
    return tomllib.loads(layout.gateway_access.read_text())["signing"]


def test_keys_are_made_once_and_private(layout: Layout) -> None:
    assert access.publish(layout)
    first = _signing(layout)
    assert not access.publish(layout), "nothing changed"
    assert _signing(layout) == first
    for path in (layout.gateway_access, layout.signing):
        assert path.stat().st_mode & 0o777 == 0o600
    assert read_access(layout.gateway_access).anonymous


def test_a_new_key_signs_and_two_before_it_count(layout: Layout) -> None:
    access.publish(layout)
    before = _signing(layout)
    assert [access.rotate(layout) for _ in range(3)] == [1, 2, 2]
    keys = _signing(layout)["keys"]
    assert len(set(keys)) == 3
    assert before["keys"][0] not in keys
    assert _signing(layout)["salt"] == before["salt"], "callers without account stay who they are"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("anonymus = true", "anonymus"),
        ("= 5", "not valid TOML"),
        ('[signing]\nkeys = ["x"]', "remove .signing."),
        ('[issuers.a]\nkind = "shared-secret"\nkeys = ["hunter2"]', "issuers.a"),
    ],
)
def test_a_mistake_of_the_operator_changes_nothing(layout: Layout, text: str, words: str) -> None:
    layout.access.write_text("anonymous = false\n")
    access.publish(layout)
    good = layout.gateway_access.read_text()
    layout.access.write_text(text)
    with pytest.raises(SetupProblem, match=words) as caught:
        access.publish(layout)
    assert str(layout.access) in str(caught.value)
    assert "hunter2" not in str(caught.value)
    assert layout.gateway_access.read_text() == good
    assert not read_access(layout.gateway_access).anonymous


def test_damaged_keys_say_what_to_do(layout: Layout) -> None:
    access.publish(layout)
    layout.signing.write_text("[signing]\n")
    with pytest.raises(SetupProblem, match="remove it and run `odamesh stack up`"):
        access.publish(layout)


def test_the_file_about_kafka_is_given_to_the_transports_alone(layout: Layout) -> None:
    assert kafka_file.publish(layout), "an empty one where the operator has none"
    text = '[in.gcn]\nbroker = "gcn"\nclient_id = "i"\nclient_secret = "hunter2"\ntopics = ["a"]\n'
    layout.kafka.write_text(text)
    assert kafka_file.publish(layout)
    assert layout.transports_kafka.read_text() == text
    assert layout.transports_kafka.stat().st_mode & 0o777 == 0o600
    layout.kafka.write_text(text.replace("topics", "topic"))
    with pytest.raises(SetupProblem, match=r"in\.gcn\.topic") as caught:
        kafka_file.publish(layout)
    assert "hunter2" not in str(caught.value)
    assert layout.transports_kafka.read_text() == text
