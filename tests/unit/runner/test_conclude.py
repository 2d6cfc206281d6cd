"""The table from exit status and signal to the failure of a unit."""

import signal
from pathlib import Path

import pytest

from mesh.errors import BadInput, EngineUnavailable, OutOfMemory, ScienceFailure, TransientFailure, UnitFailure
from mesh.runner.conclude import Exit, conclude

from .conftest import KEY, LIMITS, Leave


def test_done_gives_the_product(leave: Leave) -> None:
    assert conclude(Exit(status=0), leave({"a": b"a"}), KEY, LIMITS).files[0].name == "a"


@pytest.mark.parametrize(
    ("ended", "failure", "reason"),
    [
        (Exit(status=0), ScienceFailure, "BadProduct"),
        (Exit(status=1), ScienceFailure, "AnalysisFailed"),
        (Exit(status=10), ScienceFailure, "AnalysisFailed"),
        (Exit(status=63), ScienceFailure, "AnalysisFailed"),
        (Exit(status=64), BadInput, "BadInput"),
        (Exit(status=71), OutOfMemory, "OutOfMemory"),
        (Exit(status=75), TransientFailure, "Transient"),
        (Exit(status=126), EngineUnavailable, "NotStarted"),
        (Exit(status=None, signal=signal.SIGSEGV), ScienceFailure, "AnalysisCrashed"),
        (Exit(status=None, signal=signal.SIGXFSZ), ScienceFailure, "OutputTooLarge"),
        (Exit(status=None, signal=signal.SIGKILL), TransientFailure, "Killed"),
        (Exit.of_shell(143, out_of_memory=False), TransientFailure, "Killed"),
        (Exit(status=None, signal=signal.SIGKILL, out_of_memory=True), OutOfMemory, "OutOfMemory"),
        (Exit.of_shell(137, out_of_memory=True), OutOfMemory, "OutOfMemory"),
        (Exit.of_shell(139, out_of_memory=False), ScienceFailure, "AnalysisCrashed"),
        (Exit.of_shell(64, out_of_memory=False), BadInput, "BadInput"),
    ],
    ids=str,
)
def test_each_end_is_told_apart(tmp_path: Path, ended: Exit, failure: type[UnitFailure], reason: str) -> None:
    with pytest.raises(failure) as caught:
        conclude(ended, tmp_path, KEY, LIMITS)
    assert type(caught.value) is failure
    assert caught.value.reason == reason


def test_the_analysis_gives_reason_and_text_but_not_the_kind(tmp_path: Path) -> None:
    (tmp_path / "failure.json").write_text('{"kind": "transient", "reason": "NoScWData", "text": "no data"}')
    with pytest.raises(BadInput) as caught:
        conclude(Exit(status=64), tmp_path, KEY, LIMITS)
    assert (caught.value.reason, caught.value.text) == ("NoScWData", "no data")
