"""Where Debian packages come from on this machine: as its package manager is set up."""

import os
import shlex
from collections.abc import Mapping

from infra.stack import process
from infra.stack.problem import SetupProblem

_VARIABLE = "ODAMESH_DEBIAN_MIRROR"
_FORMAT = "$(REPO_URI) $(CODENAME) $(COMPONENT) $(CREATED_BY)"
_KINDS = ("http://", "https://", "file:")  # what debootstrap can fetch from


def of(suite: str) -> str:
    """Return the mirror of a suite: the one that ODAMESH_DEBIAN_MIRROR names, else that of the machine's own sources.

    Raises:
        SetupProblem: neither names one.
    """
    if named := os.environ.get(_VARIABLE):
        return named
    for line in process.run(["apt-get", "indextargets", "--format", _FORMAT]).splitlines():
        address, *what = line.split(" ")
        if what == [suite, "main", "Packages"] and address.startswith(_KINDS):
            return address.rstrip("/")
    message = f"the package sources of this machine have no {suite}: set {_VARIABLE} to a mirror of Debian {suite}"
    raise SetupProblem(message)


def environment() -> Mapping[str, str]:
    """Return the environment in which the mirror can be reached: the package manager's proxy is used here too."""
    told = process.run(["apt-config", "shell", "http_proxy", "Acquire::http::Proxy"])
    proxy = dict(word.split("=", 1) for word in shlex.split(told) if "=" in word)
    return {**proxy, **os.environ}
