"""Compiles what the mesh's processes import, because their users may not write beside the code.

Without that every start of every process would compile all of it again: some seconds each.
"""

import compileall
import re
import tomllib
from collections.abc import Iterable, Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from infra.stack.layout import CHECKOUT

_PACKAGES = ("mesh", "services", "gateway", "infra")
_GROUPS = ("service", "gateway")


def compile_all() -> None:
    """Compile what has changed; a file that cannot be compiled is left to who imports it."""
    for package in _PACKAGES:
        compileall.compile_dir(CHECKOUT / package, quiet=2, workers=1)
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())
    wanted = [one for group in _GROUPS for one in project["dependency-groups"][group]]
    for one in _needed([*wanted, *project["project"]["dependencies"]], set()):
        for file in one.files or ():
            if file.suffix == ".py":
                compileall.compile_file(Path(str(one.locate_file(file))), quiet=2)


def _needed(requirements: Iterable[str], seen: set[str]) -> Iterator[Distribution]:
    """Go through the distributions that are required, and what these need without their extras."""
    for requirement in requirements:
        name = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower()
        if "extra ==" in requirement or name in seen:
            continue
        seen.add(name)
        try:
            one = distribution(name)
        except PackageNotFoundError:
            continue  # for other systems
        yield one
        yield from _needed(one.requires or (), seen)
