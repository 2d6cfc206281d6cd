"""What the distribution odamesh-mesh holds and needs: all packages of the tree, without the files of the client."""

import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface
from hatchling.metadata.plugin.interface import MetadataHookInterface

_ROOT = Path(__file__).resolve().parents[2]
_PACKAGES = ("mesh", "services", "science", "gateway", "infra")
_LEFT_OUT = frozenset({"__pycache__", "distribution", "node_modules", "source"})
"""Folders; the web page is in it as it was built."""


def _project() -> dict[str, Any]:
    return tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))


def mesh_files() -> Iterator[str]:
    """Yield the files of the distribution, relative to the tree."""
    of_client = _project()["tool"]["hatch"]["build"]["targets"]["wheel"]["only-include"]
    for package in _PACKAGES:
        for file in sorted((_ROOT / package).rglob("*")):
            name = file.relative_to(_ROOT).as_posix()
            taken = any(name == own or name.startswith(f"{own}/") for own in of_client)
            if file.is_file() and not taken and not _LEFT_OUT & set(file.relative_to(_ROOT).parts):
                yield name


class Metadata(MetadataHookInterface):
    """Version and dependencies."""

    PLUGIN_NAME = "custom"

    def update(self, metadata: dict[str, Any]) -> None:
        """Fill in what is dynamic."""
        project = _project()
        version, groups = project["project"]["version"], project["dependency-groups"]
        metadata["version"] = version
        metadata["dependencies"] = [f"odamesh=={version}", *sorted({*groups["service"], *groups["gateway"]})]
        metadata["optional-dependencies"] = {"science": groups["science"]}


class Files(BuildHookInterface):  # type: ignore[type-arg]
    """The content of the wheel."""

    PLUGIN_NAME = "custom"

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:
        """Name every file of the wheel; an editable installation is the checkout's own."""
        build_data["force_include"] = {str(_ROOT / name): name for name in mesh_files()}


def get_build_hook() -> type[Files]:
    """Tell hatchling which class is the build hook."""
    return Files


def get_metadata_hook() -> type[Metadata]:
    """Tell hatchling which class fills in the metadata."""
    return Metadata
