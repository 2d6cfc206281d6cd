"""Every piece of code in the documentation is run against the mesh under test, page by page, in its order.

That takes as long as the analyses that it asks for: `make interop` does it.
"""

import gc
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import pytest

from odamesh import Mesh
from tests.interop.documents.snippets import Snippet, pages, snippets

mpl.use("Agg")

_ADDRESS = "http://127.0.0.1:8080"
"""As the documentation writes it."""
_SHELL_SECONDS = 240
_GOOD = (0, 3)
"""3: some windows gave nothing; the archive under test has bad ones on purpose."""
# What the documentation writes for the reader's own job.
_PRELUDE = """\
newest() { odamesh jobs --json | python -c 'import json, sys; print(json.load(sys.stdin)[0]["job_id"])'; }
"""
_JOB = re.compile(r"\bJOB\b")


def test_every_piece_can_be_read_as_its_language() -> None:
    found = [snippet for page in pages() for snippet in snippets(page)]
    assert {snippet.place.partition(":")[0].partition(",")[0] for snippet in found if not snippet.not_run} >= {
        "README.md",
        "docs/oda-api.md",
        "docs/start.md",
        "docs/first-analysis.ipynb",
    }
    for snippet in found:
        if snippet.language == "python":
            compile(snippet.text, snippet.place, "exec")
        else:
            done = subprocess.run(["bash", "-n", "-c", snippet.text], check=False, capture_output=True, text=True)
            assert done.returncode == 0, f"{snippet.place}: {done.stderr}"


@pytest.fixture
def _reader(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, mesh: Mesh) -> None:
    """A reader with nothing of their own, whose mesh is the one under test."""
    assert mesh is not None
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.setenv("ODAMESH_URL", _own_address())
    monkeypatch.setenv("ODAMESH_USER", "reader")
    monkeypatch.setenv("PATH", f"{Path(sys.executable).parent}:{os.environ['PATH']}")


@pytest.mark.long
@pytest.mark.usefixtures("_reader", "bursts")
@pytest.mark.parametrize("page", pages(), ids=lambda page: page.name)
@pytest.mark.timeout(900)
# Readers leave files and connections open, and the pages do not tell them otherwise.
@pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
def test_what_the_documentation_says_runs(page: Path) -> None:
    namespace: dict[str, Any] = {"__name__": "__main__"}
    reasons = []
    for snippet in snippets(page):
        if snippet.not_run:
            reasons.append(f"{snippet.place}: {snippet.not_run}")
        elif snippet.language == "python":
            _run_python(snippet, namespace)
        else:
            _run_shell(snippet)
    plt.close("all")
    # Here, where the warnings of it are ignored.
    namespace.clear()
    gc.collect()
    print("\n".join(reasons))


def _own_address() -> str:
    return f"http://127.0.0.1:{os.environ['ODAMESH_GATEWAY_PORT']}"


def _run_python(snippet: Snippet, namespace: dict[str, Any]) -> None:
    code = compile(snippet.text.replace(_ADDRESS, _own_address()), snippet.place, "exec")
    exec(code, namespace)  # noqa: S102 - that is what is tested


def _run_shell(snippet: Snippet) -> None:
    text = _JOB.sub("$(newest)", snippet.text.replace(_ADDRESS, _own_address()))
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", _PRELUDE + text],
        check=False,
        capture_output=True,
        text=True,
        timeout=_SHELL_SECONDS,
    )
    assert done.returncode in _GOOD, f"{snippet.place}\n{done.stdout}\n{done.stderr}"
