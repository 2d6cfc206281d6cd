"""The folder that `odamesh instrument new` writes: valid as it is, and never over another."""

from pathlib import Path

import pytest

from infra.instrument.new import write_folder
from infra.stack.problem import SetupProblem
from mesh import ports
from mesh.instruments import read_folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return an empty checkout."""
    (tmp_path / "pyproject.toml").touch()
    return tmp_path


def test_what_is_written_is_a_whole_instrument(project: Path) -> None:
    written = write_folder("toy", "TOY-1", project)
    found = read_folder(project / "services" / "toy", project)
    assert (found.name, found.title, found.image.analysis) == ("toy", "TOY-1", "services.toy.analysis")
    assert found.service.port not in ports.ports().values()
    for path in written:
        text = path.read_text(encoding="utf-8")
        assert "$name" not in text
        assert "$title" not in text
        if path.suffix == ".py":
            compile(text, str(path), "exec")


@pytest.mark.parametrize(
    ("name", "title", "says"),
    [
        ("Toy", "Toy", "cannot be its name"),
        ("cache", "Cache", "name of another part of the mesh"),
        ("isgri", "Another", "is there already"),
        ("toy", 'Toy"\nslots = 1', "cannot be its title"),
    ],
)
def test_what_cannot_be_is_refused(project: Path, name: str, title: str, says: str) -> None:
    with pytest.raises(SetupProblem, match=says):
        write_folder(name, title, project)
    assert not (project / "services").exists()


def test_nothing_is_written_over(project: Path) -> None:
    file = project / "services" / "toy" / "notes.txt"
    file.parent.mkdir(parents=True)
    file.write_text("mine")
    with pytest.raises(SetupProblem, match="is there already"):
        write_folder("toy", "Toy", project)
    assert [one.name for one in file.parent.iterdir()] == ["notes.txt"]


def test_only_a_checkout_takes_an_instrument(tmp_path: Path) -> None:
    with pytest.raises(SetupProblem, match="is no checkout"):
        write_folder("toy", "Toy", tmp_path)
