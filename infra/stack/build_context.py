"""What an image is built from: files in a fixed order, their hash, and the machine's own network settings."""

import io
import os
import shlex
import subprocess
import sys
import tarfile
from collections.abc import Mapping
from hashlib import sha256
from pathlib import Path

_LEFT_OUT = {"__pycache__", "tests", ".pytest_cache", ".ruff_cache", ".mypy_cache"}
_PROXIES = ("http_proxy", "https_proxy", "no_proxy", "HTTP_PROXY", "HTTPS_PROXY", "NO_PROXY")
_BUNDLES = ("SSL_CERT_FILE", "PIP_CERT", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE")
_SYSTEM_BUNDLE = Path("/etc/ssl/certs/ca-certificates.crt")

Files = Mapping[str, bytes]


def tree(root: Path, below: str = "") -> dict[str, bytes]:
    """Path in the context -> content of every file under `root` that an image may need."""
    return {
        f"{below}{path.relative_to(root)}": path.read_bytes()
        for path in sorted(root.rglob("*"))
        if path.is_file() and path.suffix != ".pyc" and not _LEFT_OUT & set(path.relative_to(root).parts)
    }


def digest(files: Files, *others: str) -> str:
    """Hash of the files and of whatever else decides the result (parent image, build arguments)."""
    total = sha256(repr(others).encode())
    for name, content in sorted(files.items()):
        total.update(f"{name}\0{sha256(content).hexdigest()}\0".encode())
    return total.hexdigest()


def archive(files: Files, executable: frozenset[str] = frozenset()) -> io.BytesIO:
    """Tar of the files, as the engine takes it; times and owners are fixed."""
    stream = io.BytesIO()
    with tarfile.open(fileobj=stream, mode="w") as tar:
        for name, content in sorted(files.items()):
            entry = tarfile.TarInfo(name)
            entry.size = len(content)
            entry.mode = 0o755 if name in executable else 0o644
            tar.addfile(entry, io.BytesIO(content))
    stream.seek(0)
    return stream


def machine_settings() -> dict[str, bytes]:
    """`build/environment` and `build/ca.pem`: what the package installer needs on this machine's network."""
    variables = {name: os.environ[name] for name in _PROXIES if name in os.environ} | installer_settings()
    files = {}
    if bundle := variables.get("SSL_CERT_FILE"):
        files["build/ca.pem"] = Path(bundle).read_bytes()
        variables["SSL_CERT_FILE"] = "/build/ca.pem"
    lines = [f"{name}={shlex.quote(value)}" for name, value in sorted(variables.items())]
    return files | {"build/environment": ("\n".join(lines) + "\n").encode()}


def installer_settings() -> dict[str, str]:
    """Variables that tell uv, which does not read pip's files, what they say: package index and certificates."""
    variables = {}
    if index := package_index():
        variables["UV_DEFAULT_INDEX"] = index
    bundles = [Path(os.environ[name]) for name in _BUNDLES if name in os.environ]
    if bundle := next((path for path in (*bundles, _SYSTEM_BUNDLE) if path.is_file()), None):
        variables["SSL_CERT_FILE"] = str(bundle)
    return variables


def package_index() -> str:
    """Package index of this machine: of uv's variables, of pip's, of pip's files; empty for the public one."""
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL", "PIP_INDEX_URL"):
        if value := os.environ.get(name):
            return value
    asked = [sys.executable, "-m", "pip", "config", "get", "global.index-url"]
    return subprocess.run(asked, capture_output=True, text=True, check=False).stdout.strip()
