"""The one screen of the operator: what it shows, and what it says of what does not answer."""

import json
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.commands import status
from infra.overview.facts import Facts
from mesh.errors import BrokerUnavailable, WatcherUnavailable
from odamesh.command import app
from tests.unit.infra.overview_doubles import alarm, counts, good_facts, process, server


@pytest.fixture
def shown(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    def show(facts: Facts, *words: str) -> Any:
        monkeypatch.setattr(status, "real_facts", lambda: facts)
        return CliRunner().invoke(app, ["status", *words])

    return show


def _away(*_: object) -> Any:
    raise BrokerUnavailable("BrokerUnavailable", "RabbitMQ does not answer")


def test_where_all_is_well_it_is_ten_lines_and_ends_with_0(shown: Callable[..., Any]) -> None:
    told = shown(replace(good_facts(), counts=lambda queues: counts(queues, units_isgri_user=3)))
    assert told.exit_code == 0, told.output
    lines = told.output.splitlines()
    assert len(lines) <= 10
    assert lines[:2] == ["servers:    all 2 up", "processes:  all 2 ready"]
    assert lines[3].split() == ["isgri", "40", "3", "2", "2", "1"]
    assert "oldest run: user 0:01:05" in lines
    assert "alarms:     none is raised" in lines


def test_what_is_not_well_is_named(shown: Callable[..., Any]) -> None:
    facts = replace(
        good_facts(),
        servers=lambda: [server("redis", up=False), server("rabbitmq")],
        processes=lambda: [process("isgri", ready=False)],
        alarms=lambda: [alarm()],
    )
    told = shown(facts)
    assert told.exit_code == 1
    for words in (
        "down: redis",
        "isgri: no container engine answers",
        "DeadLetters (ticket, for 0:03:0",
        "`odamesh doctor` says what to do",
    ):
        assert words in told.output


def test_what_does_not_answer_hides_nothing_else(shown: Callable[..., Any]) -> None:
    def nobody() -> Any:
        raise WatcherUnavailable("WatcherUnavailable", "no Alertmanager answers")

    told = shown(replace(good_facts(), counts=_away, alarms=nobody), "--json")
    assert told.exit_code == 1
    screen = json.loads(told.output)
    assert set(screen["unknown"]) == {"instruments", "queues", "alarms"}
    assert screen["servers"] == {"rabbitmq": True, "redis": True}
    assert screen["oldest_s"] == {"user": 65.0}
    assert not screen["well"]
