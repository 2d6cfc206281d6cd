"""Every `odamesh` command that a page, a rule or a check names is there, with its sub-command and its options."""

import importlib
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import Any

import pytest
import typer

from odamesh.command import MODULES, OPERATORS, OPERATORS_PACKAGE, app

_ROOT = Path(__file__).resolve().parents[2]
_NAMING = (
    "README.md",
    *(str(page.relative_to(_ROOT)) for page in sorted((_ROOT / "docs").glob("*.md"))),
    *("infra/overview/checks.py", "infra/prometheus/alerts.yml", "infra/prometheus/objectives.yml"),
)
_IN_CODE = re.compile(r"`odamesh ([^`]+)`")
_IN_ACTION = re.compile(r"\bodamesh ([a-z][^;:,\"()]*)")
_WORD, _OPTION = re.compile(r"[a-z][a-z-]+"), re.compile(r"--[a-z][a-z-]*")


@cache
def _command(name: str) -> Any:
    """Return a command by its first word; None: there is none."""
    if name in OPERATORS:
        module = importlib.import_module(f"{OPERATORS_PACKAGE}.{MODULES.get(name, name)}")
        return typer.main.get_command(module.app)
    whole: Any = typer.main.get_command(app)
    return whole.commands.get(name)


def _named(file: str) -> Iterator[str]:
    text = (_ROOT / file).read_text(encoding="utf-8")
    if file.endswith(".yml"):
        for action in re.findall(r"^ *action: (.*)$", text, re.MULTILINE):
            yield from _IN_ACTION.findall(action)
    else:
        yield from (" ".join(words.split()) for words in _IN_CODE.findall(text))


def _fault(line: str) -> str:
    """Return what is wrong with a command line that somebody is told to type; empty: nothing."""
    first, *rest = line.split()
    if not _WORD.fullmatch(first):
        return ""  # stands for any: ...
    command = _command(first)
    if command is None:
        return f"no command {first}"
    if (commands := getattr(command, "commands", None)) and rest:
        for word in rest[0].split("|"):
            if _WORD.fullmatch(word) and word not in commands:
                return f"{first} has no command {word}"
        command = commands.get(rest[0], command)
        if (commands := getattr(command, "commands", None)) and len(rest) > 1:
            command = commands.get(rest[1])
            if command is None:
                return f"{first} {rest[0]} has no command {rest[1]}"
    options = {option for parameter in command.params for option in parameter.opts}
    if getattr(command, "ignore_unknown_options", False):
        return ""
    unknown = set(_OPTION.findall(" ".join(rest))) - options - {"--help"}
    return f"no option {', '.join(sorted(unknown))}" if unknown else ""


@pytest.mark.parametrize("file", _NAMING)
def test_every_command_that_is_named_is_there(file: str) -> None:
    faults = {line: fault for line in _named(file) if (fault := _fault(line))}
    assert not faults


def test_a_command_that_is_not_there_is_found_out() -> None:
    assert _fault("cache pins") == _fault("alerts webhooks test NAME") == _fault("cache evict --to GIB") == ""
    assert _fault("cahe pins") and _fault("cache pens") and _fault("alerts webhooks tset N") and _fault("jobs --old")
