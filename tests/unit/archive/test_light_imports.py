"""Services that plan and fetch never load the science stack."""

import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[3]
MODULES = ("access", "build", "directory", "index", "locate", "s3", "scw", "select", "times", "web")


def test_no_module_of_the_archive_loads_numpy_or_astropy() -> None:
    imports = "\n".join(f"import mesh.archive.{name}" for name in MODULES)
    check = "import sys; print([name for name in ('numpy', 'astropy', 'scipy', 'numba') if name in sys.modules])"
    command = [sys.executable, "-c", f"{imports}\n{check}"]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip() == "[]"


def test_identifiers_and_times_need_nothing_but_the_standard_library() -> None:
    check = (
        "import sys, mesh.archive.scw, mesh.archive.times; "
        "print([name for name in ('pydantic', 'minio', 'httpx') if name in sys.modules])"
    )
    command = [sys.executable, "-c", check]
    assert subprocess.run(command, capture_output=True, text=True, check=True, cwd=ROOT).stdout.strip() == "[]"
