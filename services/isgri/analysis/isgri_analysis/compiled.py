"""Compilation of the hot loops, with a cache that also serves a read-only image.

Numba takes a cache directory only when it can write there. In an image the cache is baked at build time and the
root file system is read-only, so it is copied (a few 100 kB) to the temporary directory first.
"""

import os
import shutil
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar


def _settle_cache_directory() -> None:
    """Point NUMBA_CACHE_DIR to a writable copy when the configured directory is read-only."""
    configured = os.environ.get("NUMBA_CACHE_DIR")
    if not configured or not Path(configured).is_dir() or os.access(configured, os.W_OK):
        return
    copy = Path(tempfile.mkdtemp(prefix="numba-"))
    shutil.copytree(configured, copy, dirs_exist_ok=True)
    os.environ["NUMBA_CACHE_DIR"] = str(copy)


_settle_cache_directory()  # before numba is imported: it reads the variable once

import numba  # noqa: E402

F = TypeVar("F", bound=Callable[..., Any])


def compiled(function: F) -> F:
    """Compile a function to machine code on first use, without the global interpreter lock, with a file cache."""
    loop: F = numba.njit(cache=True, nogil=True)(function)
    return loop
