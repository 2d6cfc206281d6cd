"""Lets libraries use caches that were filled when the image was built, though the image is read-only at run time."""

import os
import shutil
import tempfile
from pathlib import Path

_VARIABLES = ("NUMBA_CACHE_DIR", "MPLCONFIGDIR")
"""Numba (compiled loops) and matplotlib (list of fonts) pass over a directory that they cannot write to."""


def settle_caches() -> None:
    """Point each cache whose directory is read-only to a copy below the temporary directory (a few 100 kB).

    Call it before the libraries are imported: they read the variables once.
    """
    for variable in _VARIABLES:
        configured = os.environ.get(variable, "")
        if configured and Path(configured).is_dir() and not os.access(configured, os.W_OK):
            copy = Path(tempfile.mkdtemp(prefix="cache-"))
            shutil.copytree(configured, copy, dirs_exist_ok=True)
            os.environ[variable] = str(copy)
