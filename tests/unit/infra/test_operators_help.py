"""The operator's commands explain themselves in the style of the others: whole sentences."""

import importlib
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from odamesh.command import MODULES, OPERATORS, OPERATORS_PACKAGE


@pytest.mark.parametrize("name", OPERATORS)
def test_every_command_and_option_has_a_sentence(name: str) -> None:
    app = importlib.import_module(f"{OPERATORS_PACKAGE}.{MODULES.get(name, name)}").app
    command: Any = typer.main.get_command(app)
    assert command.help
    assert "╭" not in CliRunner().invoke(app, ["--help"]).output, "boxes are not the style of the other commands"
    for one in getattr(command, "commands", {name: command}).values():
        assert one.help, f"{name} {one.name} has no help"
        for entry in (one, *one.params):
            sentence = (getattr(entry, "help", None) or "").partition("\n")[0].strip()
            if sentence:
                assert sentence[0].isupper() or sentence.startswith("odamesh"), f"{name} {one.name}: {sentence!r}"
                assert sentence[-1] in ".?", f"{name} {one.name}: {sentence!r}"
