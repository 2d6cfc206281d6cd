"""Settings come from the environment, else from the user's file; a mistake in it is told."""

from pathlib import Path

import pytest
from typer.testing import CliRunner

import odamesh
from odamesh.command import app
from odamesh.configuration import configured
from odamesh.errors import WrongValue
from tests.unit.client.conftest import Service


@pytest.fixture
def file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    for name in ("ODAMESH_URL", "ODAMESH_USER"):
        monkeypatch.delenv(name, raising=False)
    return tmp_path / "odamesh.toml"


def test_client_and_command_take_gateway_and_user_from_the_file(service: Service, file: Path) -> None:
    file.write_text(f'url = "{service.url}"\nuser = "ada"\n')
    with odamesh.connect() as mesh:
        assert service.url in repr(mesh)
    words = ["submit", "isgri", "image", "--scw", "201600270010", "--no-watch"]
    assert CliRunner().invoke(app, words).exit_code == 0
    (view,) = service.records.views.values()
    assert view.user == "ada"
    assert CliRunner().invoke(app, [*words, "--user", "bob"]).exit_code == 0
    assert {view.user for view in service.records.views.values()} == {"ada", "bob"}


def test_the_environment_goes_before_the_file(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert configured("url") is None
    file.write_text('url = "http://one"')
    assert (configured("url"), configured("user")) == ("http://one", None)
    monkeypatch.setenv("ODAMESH_URL", "http://two")
    assert configured("url") == "http://two"


@pytest.mark.parametrize("content", ["url = ", 'adress = "http://one"', "url = 5"])
def test_a_mistake_is_told_with_the_name_of_the_file(file: Path, content: str) -> None:
    file.write_text(content)
    with pytest.raises(WrongValue, match=r"odamesh\.toml"):
        configured("url")
    result = CliRunner().invoke(app, ["jobs"])
    assert result.exit_code == 2
    assert "odamesh.toml" in result.output
