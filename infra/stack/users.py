"""The system users that the mesh's processes run under: one for each process, none of which can read another's account.

Only root can become somebody else: a stack that another user sets up runs everything as that user.
"""

import grp
import os
import pwd
import subprocess
from collections.abc import Iterable
from pathlib import Path

from infra.stack.problem import SetupProblem
from infra.stack.short_names import shorten
from mesh.runner import unprivileged
from mesh.runner.unprivileged import CannotBecome, User

GROUP = "odamesh-mesh"
_LONGEST = 32
_THERE_ALREADY = 9  # another stack of this machine was quicker
_WORD = "ODAMESH_SEPARATE_USERS"


def separate() -> bool:
    """Whether each process has a user of its own here; ODAMESH_SEPARATE_USERS=no forbids it."""
    return os.geteuid() == 0 and os.environ.get(_WORD, "yes") != "no"


def name_of(process: str) -> str:
    """Return the name of the user of a process."""
    return shorten(f"odamesh-{process.replace('_', '-')}", _LONGEST)


def of(process: str) -> User:
    """Return the user of a process: its own, or the caller where it has none; SetupProblem where none was made."""
    if not separate():
        return User(os.geteuid(), os.getegid())
    try:
        entry = pwd.getpwnam(name_of(process))
    except KeyError:
        raise SetupProblem(f"there is no user {name_of(process)}: run `odamesh stack up`") from None
    return User(entry.pw_uid, entry.pw_gid)


def make(processes: Iterable[str]) -> None:
    """Make the users that are missing, where there are to be any."""
    if not separate():
        return
    if GROUP not in {entry.gr_name for entry in grp.getgrall()}:
        _add(["groupadd", "--system", GROUP])
    known = {entry.pw_name for entry in pwd.getpwall()}
    for name in map(name_of, processes):
        if name not in known:
            words = ["useradd", "--system", "--gid", GROUP, "--no-create-home", "--home-dir", "/nonexistent"]
            _add([*words, "--shell", "/usr/sbin/nologin", name])


def _add(words: list[str]) -> None:
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    if done.returncode not in (0, _THERE_ALREADY):
        raise SetupProblem(f"`{' '.join(words)}` failed: {done.stderr.strip()}")


def command(process: str, words: list[str], needs: Iterable[Path]) -> list[str]:
    """Return the command that runs a process as its own user."""
    return unprivileged.command(of(process), words, needs) if separate() else words


def require_reachable(process: str, needs: Iterable[Path]) -> None:
    """Try whether the user of a process can enter what it needs; SetupProblem says what to do where it cannot."""
    if not separate():
        return
    try:
        unprivileged.check(of(process), needs)
    except CannotBecome as error:
        message = (
            f"{process} cannot run as its own user: {error}; let others read the checkout and the archive "
            f"(chmod -R o+rX), or set {_WORD}=no to run everything as root"
        )
        raise SetupProblem(message) from error
