"""The rules of alarms, who gets them, and the page that says what to do."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml  # type: ignore[import-untyped]
from typer.testing import CliRunner

from infra.alarms.receivers import Receivers, read_receivers
from infra.alarms.routes import configuration
from infra.commands import alarms
from infra.stack.layout import CHECKOUT
from infra.stack.problem import SetupProblem
from odamesh.command import app
from tests.alarms.__main__ import CAUSES

_RULES = [CHECKOUT / "infra" / "prometheus" / name for name in ("alerts.yml", "objectives.yml")]
_RUNBOOK = (CHECKOUT / "docs" / "runbook.md").read_text(encoding="utf-8")
_TO = Receivers.model_validate({"page": ["http://127.0.0.1:1/page"], "ticket": ["http://127.0.0.1:1/ticket"]})


def _alarms() -> list[dict[str, Any]]:
    groups = [group for path in _RULES for group in yaml.safe_load(path.read_text(encoding="utf-8"))["groups"]]
    return [rule for group in groups for rule in group["rules"] if "alert" in rule]


def test_each_alarm_says_what_it_is_what_to_do_and_who_is_asked() -> None:
    for rule in _alarms():
        assert {"summary", "action", "runbook"} == rule["annotations"].keys(), rule["alert"]
        assert rule["labels"]["severity"] in ("page", "ticket"), rule["alert"]


def test_the_runbook_has_a_section_of_each_alarm_and_no_other() -> None:
    sections = re.findall(r"^## (\w+)$", _RUNBOOK, re.MULTILINE)
    assert sorted(sections) == sorted(rule["alert"] for rule in _alarms())
    for rule in _alarms():
        assert rule["annotations"]["runbook"] == f"docs/runbook.md#{rule['alert'].lower()}"
    for section in re.split(r"^## ", _RUNBOOK, flags=re.MULTILINE)[1:]:
        for part in ("**You see**", "**Why**", "**Do**", "**It worked when**"):
            assert part in section, f"{section.split()[0]} lacks {part}"


def test_each_alarm_has_a_cause_that_really_raises_it() -> None:
    caused = [raised.alarm for cause in CAUSES for raised in cause.raises]
    assert sorted(caused) == sorted(rule["alert"] for rule in _alarms())


def test_commands_of_the_runbook_exist() -> None:
    told = set(re.findall(r"`odamesh ([a-z][a-z-]*)((?: [a-z-]+)?)", _RUNBOOK))
    told |= {found for rule in _alarms() for found in re.findall(r"odamesh ([a-z-]+)((?: [a-z-]+)?)", _action(rule))}
    assert told
    runner = CliRunner()
    for part, command in told:
        words = [part, *command.split()]
        assert runner.invoke(app, [*words, "--help"]).exit_code == 0, f"odamesh {' '.join(words)}"


def _action(rule: dict[str, Any]) -> str:
    return str(rule["annotations"]["action"])


def test_a_section_is_printed_whatever_the_case_of_the_name() -> None:
    answer = CliRunner().invoke(alarms.app, ["explain", "clockoff"])
    assert answer.output.startswith("ClockOff\n\n**You see** a process believes another time")
    assert "BrokerAlarm" not in answer.output


@pytest.mark.parametrize("words", [["explain", "Nonsense"], ["silence", "Nonsense", "--reason", "at work"]])
def test_an_alarm_that_does_not_exist_is_neither_explained_nor_held_back(words: list[str]) -> None:
    unknown = CliRunner().invoke(alarms.app, words)
    assert unknown.exit_code == 1
    assert "there is no alarm Nonsense; the runbook has AlarmsNotDelivered," in unknown.output


def test_without_a_file_alarms_go_to_nobody(tmp_path: Path) -> None:
    assert read_receivers(tmp_path / "alarms.toml") == Receivers()


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("page = ", "cannot read"),
        ("pages = []", "pages: Extra inputs are not permitted"),
        ('page = ["pager.example.org"]', "page.0: Input should be a valid URL"),
        ('ticket = ["http://me:secret@example.org/"]', "ticket.0: Value error, give an address without a name"),
    ],
)
def test_a_mistake_in_the_receivers_names_its_place(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "alarms.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(SetupProblem, match=re.escape(told)) as raised:
        read_receivers(path)
    assert "secret" not in str(raised.value)


@pytest.fixture
def amtool() -> str:
    found = shutil.which("amtool")
    if found is None:
        pytest.skip("not installed: prometheus-alertmanager; `odamesh stack up` installs it")
    return found


@pytest.mark.parametrize("receivers", [Receivers(), _TO])
def test_alertmanager_takes_the_configuration(tmp_path: Path, amtool: str, receivers: Receivers) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(json.dumps(configuration(receivers)), encoding="utf-8")
    done = subprocess.run([amtool, "check-config", file], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize(("severity", "receiver"), [("page", "page"), ("ticket", "ticket"), ("other", "nobody")])
def test_an_alarm_goes_to_whom_its_severity_says(tmp_path: Path, amtool: str, severity: str, receiver: str) -> None:
    file = tmp_path / "alertmanager.yml"
    file.write_text(json.dumps(configuration(_TO)), encoding="utf-8")
    words = [amtool, "config", "routes", "test", f"--config.file={file}", "alertname=X", f"severity={severity}"]
    assert subprocess.run(words, capture_output=True, text=True, check=True).stdout.strip() == receiver


def test_what_is_held_back_is_an_alarm() -> None:
    known = {rule["alert"] for rule in _alarms()}
    for rule in configuration(_TO)["inhibit_rules"]:
        named = re.findall(r"[A-Z]\w+", " ".join(rule["source_matchers"] + rule["target_matchers"]))
        assert set(named) <= known
