"""Which version of the mesh's own code runs here."""

import subprocess
from functools import cache
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

_ROOT = Path(__file__).resolve().parent.parent.parent


@cache
def code_version() -> str:
    """Return the version with the commit where there is a checkout, e.g. ``0.1.0+4f2a9c1d0b3e``; asked once."""
    try:
        number = version("odamesh")
    except PackageNotFoundError:
        number = "0"
    commit = _commit()
    return f"{number}+{commit}" if commit else number


def _commit() -> str:
    if not (_ROOT / ".git").exists():
        return ""
    command = ["git", "-C", str(_ROOT), "rev-parse", "--short=12", "HEAD"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=10)
    except (OSError, subprocess.TimeoutExpired):
        return ""
    return done.stdout.strip() if done.returncode == 0 else ""
