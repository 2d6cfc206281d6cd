"""Starts a process as a user without rights, from a process of root.

What the process needs may lie below a directory that only root may enter, a checkout in /root for example. It then
gets a view of the file system of its own: an empty directory in the place of the closed one, with nothing in it but
what it needs. Nobody else sees a difference.
"""

import stat
import subprocess
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from mesh.errors import MeshError

_NO_RIGHTS = ("--no-new-privs", "--inh-caps=-all", "--bounding-set=-all")
_CANNOT = 125
# Arguments: how many directories are needed, these in groups, each after the closed directory above it, the command.
_VIEW = f"""
here=$PWD
while [ "$1" != -- ]; do
    closed=$1 number=$2; shift 2
    view=$(TMPDIR= mktemp -d) && mount -t tmpfs -o mode=755 odamesh "$view" || exit {_CANNOT}
    while [ "$number" -gt 0 ]; do
        place=$view${{1#"$closed"}}
        mkdir -p "$place" && mount --rbind "$1" "$place" || exit {_CANNOT}
        number=$((number - 1)); shift
    done
    mount --move "$view" "$closed" && rmdir "$view" || exit {_CANNOT}
done
shift
cd "$here" || exit {_CANNOT}
exec "$@"
"""


class CannotBecome(MeshError):
    """A process cannot become that user on this machine; the text says why."""


@dataclass(frozen=True)
class User:
    """Whom a process becomes."""

    uid: int
    gid: int


NOBODY = User(65534, 65534)


def command(user: User, words: Sequence[str], needs: Iterable[Path]) -> list[str]:
    """Return the command that becomes *user* and runs *words*; only root can run it.

    Args:
        user: whom to become, with no other group and no right to gain any.
        words: program and arguments.
        needs: directories that the process must be able to enter; what is mounted there is seen, later mounts too.
    """
    become = ["setpriv", f"--reuid={user.uid}", f"--regid={user.gid}", "--clear-groups", *_NO_RIGHTS, "--", *words]
    if not (closed := _closed_above(user, needs)):
        return become
    groups = [word for top, inside in closed.items() for word in (str(top), str(len(inside)), *map(str, inside))]
    # Mounts of the machine go on to appear in the view, none of the view appears outside.
    view = ["unshare", "--mount", "--propagation", "slave", "--", "sh", "-c", _VIEW, "sh"]
    return [*view, *groups, "--", *become]


def check(user: User, needs: Iterable[Path]) -> None:
    """Try whether a process can become *user* here and enter what it needs.

    Raises:
        CannotBecome: it cannot; the text says what refused.
    """
    needs = list(needs)
    tests = " && ".join(f'test -r "${number}" -a -x "${number}"' for number in range(1, len(needs) + 1))
    told = "the directories are there, but that user may not read them"
    words = ["sh", "-c", f"{tests or 'true'} || {{ echo {told} >&2; exit 1; }}", "sh", *map(str, needs)]
    try:
        done = subprocess.run(command(user, words, needs), capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise CannotBecome(f"{error.filename} is not installed (package util-linux)") from error
    if done.returncode:
        raise CannotBecome(done.stderr.strip() or f"status {done.returncode}")


def _closed_above(user: User, needs: Iterable[Path]) -> dict[Path, list[Path]]:
    """Return the topmost directories that *user* may not enter -> the needed ones below, none inside another."""
    found: dict[Path, list[Path]] = {}
    wanted = sorted({path.resolve() for path in needs})
    outermost = [path for path in wanted if not any(path.is_relative_to(other) for other in wanted if other != path)]
    for path in outermost:
        above = reversed(path.parents)
        if (closed := next((one for one in above if not _may_enter(user, one)), None)) is not None:
            found.setdefault(closed, []).append(path)
    return found


def _may_enter(user: User, directory: Path) -> bool:
    state = directory.stat()
    if state.st_uid == user.uid:
        return bool(state.st_mode & stat.S_IXUSR)
    if state.st_gid == user.gid:
        return bool(state.st_mode & stat.S_IXGRP)
    return bool(state.st_mode & stat.S_IXOTH)
