"""The folders of instruments: what follows from a folder, and that a mistake in one concerns no other."""

import shutil
from pathlib import Path

import pytest

from mesh import instruments, ports
from mesh.errors import ContractViolation, InstrumentUnavailable
from mesh.instrument import ROOT
from mesh.instruments import Instruments, instrument_folders, read_folder, read_instruments


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Return a project with two instruments and the package that one of them shares."""
    for name in ("services/isgri", "services/spectral_fit", "science/coded_mask", "science/timing"):
        shutil.copytree(ROOT / name, tmp_path / name, ignore=shutil.ignore_patterns("__pycache__"))
    return tmp_path


@pytest.mark.parametrize("folder", instrument_folders().values(), ids=lambda folder: folder.name)
def test_folders_of_the_project_have_no_mistake(folder: Path) -> None:
    found = read_folder(folder)
    assert found.name == folder.name
    assert found.image.analysis == f"{str(folder.relative_to(ROOT)).replace('/', '.')}.analysis"


def test_a_copied_folder_is_an_instrument_of_its_own(project: Path) -> None:
    shutil.copytree(project / "services" / "isgri", project / "services" / "veto")
    found = read_instruments(project).good["veto"]
    assert (found.name, found.image.tag, found.package) == ("veto", "odamesh/veto", "services.veto")


@pytest.mark.parametrize(
    ("file", "content", "complaint"),
    [
        ("instrument.toml", "title = ", "instrument.toml: .*end of document"),
        ("instrument.toml", None, "instrument.toml: image.libraries: there is no package science.shared"),
        ("analysis/Dockerfile", "", "analysis/Dockerfile: there is no such file, of which the image is made"),
        ("analysis/__init__.py", "", "analysis/__init__.py: there is no such file, which exports STAGES"),
        ("__init__.py", "", "__init__.py: there is no such file"),
    ],
)
def test_one_bad_folder_is_named_and_harms_nobody_else(
    project: Path, monkeypatch: pytest.MonkeyPatch, file: str, content: str | None, complaint: str
) -> None:
    folder = project / "services" / "veto"
    shutil.copytree(project / "services" / "isgri", folder)
    if content is None:
        text = (folder / file).read_text(encoding="utf-8")
        content = text.replace("science.coded_mask", "science.shared")
    (folder / file).unlink()
    if content:
        (folder / file).write_text(content, encoding="utf-8")
    found = read_instruments(project)
    assert {"isgri", "spectral_fit"} <= set(found.good)
    assert "veto" in instrument_folders(project)  # it keeps queues, accounts and port
    with pytest.raises(ContractViolation, match=f"services/veto/{complaint}"):
        read_folder(folder, project)
    monkeypatch.setattr(instruments, "known_instruments", lambda: found)
    with pytest.raises(InstrumentUnavailable, match="veto is not set up rightly"):
        instruments.instrument("veto")
    assert instruments.instrument("isgri").name == "isgri"


@pytest.mark.parametrize("name", ["Veto", "2veto", "class", "dispatcher", "requests", "v" * 33])
def test_names_that_queues_and_packages_cannot_have_are_refused(project: Path, name: str) -> None:
    (project / "services" / "isgri").rename(project / "services" / name)
    found = read_instruments(project)
    assert f"services/{name}: {name!r}" in found.faults[name].replace('"', "'")
    assert name not in instrument_folders(project)
    assert "spectral_fit" in found.good


def test_ports_are_those_declared_and_never_shared(project: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ODAMESH_DRILLS", raising=False)
    shutil.copytree(project / "services" / "isgri", project / "services" / "veto")  # declares the port of isgri
    (project / "services" / "spectral_fit" / "instrument.toml").write_text("title = ")  # declares none
    found: Instruments = read_instruments(project)
    monkeypatch.setattr(ports, "instruments", lambda: found.good)
    monkeypatch.setattr(ports, "instrument_folders", lambda: instrument_folders(project))
    given = ports.ports()
    assert given["isgri"] == found.good["isgri"].service.port
    assert len(set(given.values())) == len(given)
    assert list(given) == ["dispatcher", "cache", "triggers", "transports", "isgri", "spectral_fit", "veto", "gateway"]
