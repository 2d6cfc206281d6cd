"""Each check of the doctor, caused once; and what it does where a server does not answer."""

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from typer.testing import CliRunner

from infra.alarms.receivers import Receivers
from infra.commands import doctor
from infra.overview.checks import CHECKS, Finding, Verdict, examine
from infra.overview.facts import Disk, Facts, Images
from infra.stack.problem import SetupProblem
from mesh.broker.queue_counts import QueueCount
from mesh.errors import BrokerUnavailable, StoreUnavailable
from odamesh.command import app
from tests.unit.infra.overview_doubles import GIB, alarm, counts, good_facts, process, server


def _raise(error: Exception) -> Callable[..., Any]:
    def ask(*_: object) -> Any:
        raise error

    return ask


# What is wrong -> check, verdict, and words of what is said and what is to be done.
_CAUSES: list[tuple[dict[str, Any], str, Verdict, str, str]] = [
    ({"servers": lambda: [server(up=False)]}, "servers", Verdict.WRONG, "redis does not answer", "odamesh stack up"),
    ({"processes": lambda: [process(up=False)]}, "processes", Verdict.WRONG, "isgri does not run", "odamesh mesh up"),
    (
        {"processes": lambda: [process(ready=False)]},
        "processes",
        Verdict.WRONG,
        "isgri is not ready: no container engine answers",
        "log/isgri.log",
    ),
    (
        {"processes": lambda: [process(restarts=7)]},
        "processes",
        Verdict.WORTH_A_LOOK,
        "started again 7 times",
        "log/isgri.log",
    ),
    ({"supervised": lambda: False}, "processes", Verdict.WRONG, "no supervisor runs", "odamesh mesh up"),
    ({"outdated": lambda: ["isgri"]}, "code", Verdict.WORTH_A_LOOK, "isgri run with code", "odamesh mesh up"),
    (
        {"faults": lambda: {"new": "instrument.toml: no stages"}},
        "instruments",
        Verdict.WRONG,
        "new is left out: instrument.toml: no stages",
        "odamesh instrument check new",
    ),
    ({"runner": lambda: "local"}, "confinement", Verdict.WORTH_A_LOOK, "not confined", "odamesh stack up"),
    (
        {"images": lambda: Images({"isgri": "sha256:1"}, frozenset({"sha256:0"}))},
        "images",
        Verdict.WRONG,
        "no image of isgri",
        "odamesh stack images",
    ),
    (
        {"counts": lambda queues: {queue: count for queue, count in counts(queues).items() if queue != "dead.isgri"}},
        "topology",
        Verdict.WRONG,
        "no queue dead.isgri",
        "odamesh stack up",
    ),
    (
        {"counts": lambda queues: dict.fromkeys(queues, QueueCount(0, 0))},
        "readers",
        Verdict.WRONG,
        "44 units of isgri wait, and nobody takes them",
        "odamesh mesh status",
    ),
    (
        {"counts": lambda queues: counts(queues, dead_isgri=3)},
        "dead letters",
        Verdict.WORTH_A_LOOK,
        "3 in dead.isgri",
        "odamesh dead list",
    ),
    (
        {"parked": lambda: {"r1": "four died"}},
        "runs",
        Verdict.WRONG,
        "r1 is parked: four died",
        "odamesh runs resume r1",
    ),
    (
        {"unplanned": lambda: [f"j{number}" for number in range(5)]},
        "runs",
        Verdict.WRONG,
        "no run serves 5 jobs: j0, j1, j2 and 2 more",
        "dispatcher",
    ),
    ({"index_complete": lambda: False}, "index", Verdict.WORTH_A_LOOK, "may be made again", "log/cache.log"),
    (
        {"archive": _raise(ValueError("there is no archive at /a"))},
        "archive",
        Verdict.WRONG,
        "there is no archive at /a",
        "odamesh archive index",
    ),
    (
        {"disks": lambda: [Disk(Path("/home"), 2 * GIB, 100 * GIB)]},
        "disks",
        Verdict.WRONG,
        "2 % of the disk of /home",
        "odamesh cache evict",
    ),
    ({"memory_share": lambda: 0.02}, "memory", Verdict.WORTH_A_LOOK, "2 % of the memory", "ODAMESH_SLOTS"),
    ({"clock_ahead_s": lambda: -60.0}, "clock", Verdict.WRONG, "60.0 s behind that of Redis", "time service"),
    (
        {"require_accounts": _raise(SetupProblem("others can reach the gateway"))},
        "accounts",
        Verdict.WRONG,
        "others can reach the gateway",
        "docs/accounts.md",
    ),
    (
        {"certificate_ends": lambda: datetime.now(UTC) + timedelta(days=3)},
        "certificate",
        Verdict.WRONG,
        "the certificate of the edge ends on",
        "reload",
    ),
    (
        {"unwatched": lambda: ["mesh 127.0.0.1:9210"]},
        "watching",
        Verdict.WORTH_A_LOOK,
        "no figures of mesh 127",
        "down",
    ),
    (
        {"receivers": Receivers},
        "receivers",
        Verdict.WORTH_A_LOOK,
        "alarms of severity page go to nobody",
        "alarms.toml",
    ),
    (
        {"alarms": lambda: [alarm()]},
        "alarms",
        Verdict.WRONG,
        "DeadLetters: it is",
        "do it (`odamesh alarms explain DeadLetters`)",
    ),
]


def _wrong(facts: Facts) -> list[Finding]:
    return [finding for finding in examine(facts) if finding.verdict is not Verdict.GOOD]


def test_where_all_is_well_every_check_is_good() -> None:
    found = examine(good_facts())
    assert [finding.check for finding in found] == list(CHECKS)
    assert {finding.verdict for finding in found} == {Verdict.GOOD}


@pytest.mark.parametrize(("changed", "check", "verdict", "what", "do"), _CAUSES, ids=lambda one: str(one)[:40])
def test_each_fault_is_found_and_says_what_to_do(
    changed: dict[str, Any], check: str, verdict: Verdict, what: str, do: str
) -> None:
    first = next(finding for finding in _wrong(replace(good_facts(), **changed)) if finding.check == check)
    assert first.verdict is verdict
    assert what in first.what
    assert do in first.do


def test_every_check_is_caused_here() -> None:
    assert {check for _, check, _, _, _ in _CAUSES} == set(CHECKS)


def test_a_server_that_is_away_leaves_the_other_checks_alone() -> None:
    away = BrokerUnavailable("BrokerUnavailable", "RabbitMQ does not answer")
    found = _wrong(replace(good_facts(), counts=_raise(away), disks=lambda: [Disk(Path("/"), 1, 100)]))
    assert {finding.check for finding in found if finding.verdict is Verdict.UNKNOWN} == {
        "topology",
        "readers",
        "dead letters",
    }
    assert [finding.check for finding in found if finding.verdict is Verdict.WRONG] == ["disks"]


def test_the_command_tells_what_is_wrong_and_ends_with_1(monkeypatch: pytest.MonkeyPatch) -> None:
    broken = replace(good_facts(), parked=_raise(StoreUnavailable("StoreUnavailable", "Redis does not answer")))
    monkeypatch.setattr(doctor, "real_facts", lambda: broken)
    told = CliRunner().invoke(app, ["doctor"])
    assert told.exit_code == 1
    assert "runs: not known: StoreUnavailable: Redis does not answer\n  -> " in told.output
    assert "good: servers, processes," in told.output
    listed = json.loads(CliRunner().invoke(app, ["doctor", "--json"]).output)
    assert {"check": "servers", "verdict": "good", "what": "", "do": ""} in listed
    monkeypatch.setattr(doctor, "real_facts", good_facts)
    assert CliRunner().invoke(app, ["doctor"]).exit_code == 0


def test_commands_that_are_named_exist() -> None:
    source = Path(doctor.__file__).parents[1] / "overview" / "checks.py"
    words = {
        tuple(part.split("`")[0].split()[:2]) for part in source.read_text(encoding="utf-8").split("`odamesh ")[1:]
    }
    for part, *command in words:
        own = [word for word in command if word.isalpha() and word.islower()]
        assert CliRunner().invoke(app, [part, *own, "--help"]).exit_code == 0, (part, command)
