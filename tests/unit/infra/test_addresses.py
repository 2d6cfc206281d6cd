"""Nothing is fetched from an address that stands in the project: the machine says where its packages come from."""

import re
import subprocess
from pathlib import Path

import pytest

from infra.stack import build_context, debian_mirror, process
from infra.stack.layout import CHECKOUT
from infra.stack.problem import SetupProblem

_ADDRESS = re.compile(r"\b(?:https?|ftp|git)://([A-Za-z0-9.-]+\.[A-Za-z]{2,})")
# The store that `s3://` means where the operator names no other; the namespaces of file formats.
_MEANT = {"s3.amazonaws.com", "www.w3.org", "w3id.org", "www.ivoa.net"}
# Told to readers: where a rule comes from, who made a part. Nothing is fetched from there.
_TOLD = {
    "gateway/alerts/feeds.py": {"jsonfeed.org", "www.jsonfeed.org"},
    # A page about a source, of which the protocol's answer to a name holds the link.
    "gateway/oda/positions.py": {"simbad.cds.unistra.fr"},
    "gateway/web/package-lock.json": {"opencollective.com"},
    "gateway/web/source/page/about.tsx": {"github.com"},
    "infra/alarms/routes.py": {"prometheus.io"},
    "infra/edge/nginx.py": {"wiki.mozilla.org"},
    "mesh/alerts/signing.py": {"www.standardwebhooks.com"},
    # Where an operator who wants messages of GCN or SCiMMA gets an account, and the client of Kafka its tokens.
    "services/transports/kafka/settings.py": {
        *("github.com", "auth.gcn.nasa.gov", "gcn.nasa.gov", "admin.dev.hop.scimma.org"),
    },
}
_RESERVED = (".example", ".example.org")
"""Names that lead nowhere (RFC 2606)."""


def _tracked() -> list[Path]:
    names = subprocess.run(["git", "ls-files"], cwd=CHECKOUT, capture_output=True, text=True, check=True).stdout
    # Documents may point their readers elsewhere, tests need addresses that lead nowhere.
    return [CHECKOUT / name for name in names.splitlines() if not name.startswith(("docs/", "tests/"))]


def test_no_address_to_fetch_from_stands_in_the_project() -> None:
    found = {}
    for path in _tracked():
        if path.suffix in (".md", "") and path.name not in ("Makefile", "Dockerfile", "run"):
            continue
        try:
            hosts = set(_ADDRESS.findall(path.read_text()))
        except (UnicodeDecodeError, FileNotFoundError):
            continue  # data; removed
        name = str(path.relative_to(CHECKOUT))
        hosts -= _MEANT | _TOLD.get(name, set())
        if hosts := {host for host in hosts if not host.endswith(_RESERVED)}:
            found[name] = hosts
    assert found == {}


_SOURCES = """\
http://mirror.example/debian-security/ bookworm-security main Packages
cdrom:[Debian]/ bookworm main Packages
http://mirror.example/debian/ bookworm main DEP-11
http://mirror.example/debian/ bookworm contrib Packages
http://mirror.example/debian/ bookworm main Packages
"""


def test_the_base_comes_from_where_the_machine_takes_its_packages(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ODAMESH_DEBIAN_MIRROR", raising=False)
    monkeypatch.setattr(process, "run", lambda *_, **__: _SOURCES)
    assert debian_mirror.of("bookworm") == "http://mirror.example/debian"
    with pytest.raises(SetupProblem, match="ODAMESH_DEBIAN_MIRROR to a mirror of Debian trixie"):
        debian_mirror.of("trixie")
    monkeypatch.setenv("ODAMESH_DEBIAN_MIRROR", "http://other.example/debian")
    assert debian_mirror.of("trixie") == "http://other.example/debian"


def test_the_package_manager_s_proxy_is_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(process, "run", lambda *_, **__: "http_proxy='http://proxy.example:3128/'\n")
    monkeypatch.delenv("http_proxy", raising=False)
    assert debian_mirror.environment()["http_proxy"] == "http://proxy.example:3128/"
    monkeypatch.setenv("http_proxy", "http://own.example")
    assert debian_mirror.environment()["http_proxy"] == "http://own.example"


def test_programs_of_wheels_come_from_pip_s_index(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("UV_DEFAULT_INDEX", "UV_INDEX_URL"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("PIP_INDEX_URL", "https://index.example/simple")
    assert build_context.installer_settings()["UV_DEFAULT_INDEX"] == "https://index.example/simple"
