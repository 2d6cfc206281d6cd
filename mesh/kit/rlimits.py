"""Limits that a process puts on itself before it runs a unit."""

import ctypes
import resource
import signal
from collections.abc import Mapping
from pathlib import Path

_PR_SET_PDEATHSIG = 1
_PR_SET_DUMPABLE = 4
_MIB = 1 << 20
OPEN_FILES = 1024
"""Files that a unit may have open at once."""
# Opened once, before units are forked.
_LIBRARY = ctypes.CDLL(None, use_errno=True)


def apply_limits(limits: Mapping[str, float]) -> None:
    """Apply *limits* to this process and its children.

    Args:
        limits: any of ``file_mb`` (size of one file), ``memory_mb`` (data of one process), ``open_files``.
            Core dumps are always off. A limit above the process's own hard limit stays at that.
    """
    _set(resource.RLIMIT_CORE, 0)
    if "file_mb" in limits:
        _set(resource.RLIMIT_FSIZE, int(limits["file_mb"] * _MIB))
    if "memory_mb" in limits:
        # Address space would also count what is only reserved, of which compilers and BLAS take gigabytes.
        _set(resource.RLIMIT_DATA, int(limits["memory_mb"] * _MIB))
    if "open_files" in limits:
        _set(resource.RLIMIT_NOFILE, int(limits["open_files"]))


def prefer_as_victim() -> None:
    """Make this process, not the server that forked it, the one that the kernel kills when memory runs out."""
    Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")


def die_with_parent() -> None:
    """Have the kernel kill this process when the one that started it ends."""
    _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def be_traceable(*, yes: bool) -> None:
    """Let other processes of the same user read and write this one's memory and descriptors, or keep them out."""
    _prctl(_PR_SET_DUMPABLE, int(yes))


def _prctl(option: int, value: int) -> None:
    _LIBRARY.prctl(option, value, 0, 0, 0)


def _set(kind: int, value: int) -> None:
    hard = resource.getrlimit(kind)[1]
    value = value if hard == resource.RLIM_INFINITY else min(value, hard)
    resource.setrlimit(kind, (value, value))
