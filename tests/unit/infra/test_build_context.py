"""What images are built from."""

import tarfile
from pathlib import Path

import pytest

from infra.stack import build_context, images
from infra.stack.layout import CHECKOUT
from mesh.instruments import instrument


def test_digest_follows_content_only(tmp_path: Path) -> None:
    (tmp_path / "package").mkdir()
    (tmp_path / "package" / "stage.py").write_text("one")
    first = build_context.digest(build_context.tree(tmp_path), "parent")
    (tmp_path / "package" / "__pycache__").mkdir()
    (tmp_path / "package" / "__pycache__" / "stage.pyc").write_text("compiled")
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "test_stage.py").write_text("test")
    assert build_context.digest(build_context.tree(tmp_path), "parent") == first
    assert build_context.digest(build_context.tree(tmp_path), "other parent") != first
    (tmp_path / "package" / "stage.py").write_text("two")
    assert build_context.digest(build_context.tree(tmp_path), "parent") != first


def test_archive_is_the_same_each_time() -> None:
    files = {"b": b"2", "a": b"1"}
    first = build_context.archive(files, frozenset({"a"})).getvalue()
    assert first == build_context.archive(dict(sorted(files.items())), frozenset({"a"})).getvalue()
    with tarfile.open(fileobj=build_context.archive(files, frozenset({"a"}))) as tar:
        assert [(one.name, one.mode, one.mtime) for one in tar] == [("a", 0o755, 0), ("b", 0o644, 0)]


def test_machine_settings_reach_the_build_stage(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    bundle = tmp_path / "own.pem"
    bundle.write_text("certificate")
    monkeypatch.setenv("SSL_CERT_FILE", str(bundle))
    monkeypatch.setenv("UV_DEFAULT_INDEX", "https://packages.example/a b")
    files = build_context.machine_settings()
    assert files["build/ca.pem"] == b"certificate"
    lines = files["build/environment"].decode().splitlines()
    assert "SSL_CERT_FILE=/build/ca.pem" in lines
    assert "UV_DEFAULT_INDEX='https://packages.example/a b'" in lines


def test_final_image_takes_nothing_from_the_machine() -> None:
    """What follows the last FROM copies from the build stage the installed packages alone."""
    text = (CHECKOUT / "infra" / "images" / "science.Dockerfile").read_text()
    final = text.rpartition("\nFROM ")[2]
    copies = [line for line in final.splitlines() if line.startswith("COPY")]
    assert copies == ["COPY --from=build /opt/science /opt/science", "COPY mesh/ /opt/odamesh/mesh/"]


def test_a_context_holds_analysis_and_libraries_at_their_paths_in_the_project() -> None:
    files = images.context(instrument("isgri"))
    packages = {str(Path(name).parent) for name in files if name.endswith("__init__.py")}
    assert packages == {
        "science", "science/coded_mask", "science/timing", "services", "services/isgri", "services/isgri/analysis",
    }  # fmt: skip
    assert "services/isgri/analysis/data/response.toml" in files
    whole = files["Dockerfile"].decode()
    assert whole.startswith(files["services/isgri/analysis/Dockerfile"].decode())
    assert '"mesh.kit.stages", "epoch_background", "epoch_map", "image", "mosaic"' in whole.splitlines()[-1]


def test_images_hold_the_versions_of_the_environment() -> None:
    """The local runner and the images must give the same bytes."""

    def pins(lock: Path) -> set[str]:
        return {line.rstrip("\\ ") for line in lock.read_text().splitlines() if "==" in line and line[0].isalpha()}

    science = pins(CHECKOUT / "infra" / "images" / "science.lock")
    assert any(pin.startswith("numpy==") for pin in science)
    assert science <= pins(CHECKOUT / "requirements.lock")
