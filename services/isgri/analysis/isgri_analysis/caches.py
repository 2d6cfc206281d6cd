"""Caches that are baked into an image whose root file system is read-only.

Numba and matplotlib take a cache directory only when they can write there, and start from nothing otherwise. Such a
directory (a few 100 kB) is therefore copied to the temporary directory before they are imported.
"""

import os
import shutil
import tempfile
from pathlib import Path


def make_writable(variable: str) -> None:
    """Point an environment variable to a writable copy of its directory, when that one is read-only.

    Call it before the library that reads the variable is imported.
    """
    configured = os.environ.get(variable)
    if not configured or not Path(configured).is_dir() or os.access(configured, os.W_OK):
        return
    copy = Path(tempfile.mkdtemp(prefix=f"{variable.lower()}-"))
    shutil.copytree(configured, copy, dirs_exist_ok=True)
    os.environ[variable] = str(copy)
