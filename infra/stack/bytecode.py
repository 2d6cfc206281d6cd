"""Compiles what the mesh's processes import, because their users may not write beside the code.

Without that every start of every process would compile all of it again: some seconds each.
"""

import compileall
import re
from collections.abc import Iterator
from importlib.metadata import Distribution, PackageNotFoundError, distribution
from pathlib import Path

from infra.stack.layout import CHECKOUT

_PROJECT = "odamesh"
_PACKAGES = ("mesh", "services", "gateway", "infra")


def compile_all() -> None:
    """Compile what has changed; a file that cannot be compiled is left to who imports it."""
    for package in _PACKAGES:
        compileall.compile_dir(CHECKOUT / package, quiet=2, workers=1)
    for one in _needed(_PROJECT, set()):
        for file in one.files or ():
            if file.suffix == ".py":
                compileall.compile_file(Path(str(one.locate_file(file))), quiet=2)


def _needed(name: str, seen: set[str]) -> Iterator[Distribution]:
    """Go through what a distribution needs without its extras."""
    try:
        one = distribution(name)
    except PackageNotFoundError:
        return  # for other systems
    for requirement in one.requires or ():
        needed = re.split(r"[^A-Za-z0-9._-]", requirement, maxsplit=1)[0].lower()
        if "extra ==" not in requirement and needed not in seen:
            seen.add(needed)
            yield from _needed(needed, seen)
    if name != _PROJECT:
        yield one
