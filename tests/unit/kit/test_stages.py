"""What the last step of an image finds: an analysis that cannot be loaded, or lacks a stage."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from mesh.instrument import ROOT


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("STAGES = {'count': print}", None),
        ("import numpyy", "the analysis cannot be loaded: ModuleNotFoundError: No module named 'numpyy'"),
        ("def count(", "the analysis cannot be loaded: SyntaxError"),
        ("stages = {}", "exports no STAGES"),
        ("STAGES = {'counts': print}", "STAGES lacks count, which instrument.toml declares; it has: counts"),
        ("STAGES = {'count': 'count'}", "STAGES holds no function for count"),
    ],
)
def test_an_analysis_is_loaded_and_has_its_stages(tmp_path: Path, text: str, says: str | None) -> None:
    (tmp_path / "counter.py").write_text(text, encoding="utf-8")
    environment = os.environ | {
        "ODAMESH_ANALYSIS": "counter",
        "PYTHONPATH": os.pathsep.join((str(ROOT), str(tmp_path))),
    }
    command = [sys.executable, "-m", "mesh.kit.stages", "count"]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == (0 if says is None else 1)
    assert (says or "") in done.stderr
