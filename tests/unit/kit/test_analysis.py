"""Each way in which a stage ends, with its exit status and the file that says why."""

import errno
import hashlib
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from mesh.kit import BadInput, ScienceFailure, Transient, Unit
from mesh.kit.analysis import Analysis, load_analysis, run_unit

from .conftest import MakeUnit


def _run(directory: Path, stage: Callable[[Unit], None]) -> int:
    return run_unit(directory, lambda: Analysis(stages={"window": stage}))


def _raise(error: Exception) -> Callable[[Unit], None]:
    def stage(unit: Unit) -> None:
        (unit.out / "half.fits").write_text("half")
        raise error

    return stage


def test_a_good_unit_ends_with_its_manifest(make_unit: MakeUnit) -> None:
    def stage(unit: Unit) -> None:
        with unit.step("work"):
            (unit.out / "isgri_sky.fits").write_bytes(b"sky")
        unit.warn("low exposure")
        unit.summary(exposure_s=2.0)

    directory = make_unit()
    assert _run(directory, stage) == 0
    manifest = json.loads((directory / "out" / "manifest.json").read_text())
    assert manifest["files"] == [
        {
            "name": "isgri_sky.fits",
            "sha256": hashlib.sha256(b"sky").hexdigest(),
            "size": 3,
            "media_type": "application/fits",
        }
    ]
    assert manifest["warnings"] == ["low exposure"]
    assert manifest["summary"] == {"exposure_s": 2.0}
    assert [step["step"] for step in manifest["steps"]] == ["work"]


@pytest.mark.parametrize(
    ("error", "status", "kind", "reason"),
    [
        (BadInput("NoISGRIEvents", "no events"), 64, "usage", "NoISGRIEvents"),
        (ScienceFailure("EmptyImageList", "nothing left"), 10, "science", "EmptyImageList"),
        (Transient("try later"), 75, "transient", "Transient"),
        (MemoryError(), 71, "out-of-memory", "OutOfMemory"),
        (OSError(errno.EFBIG, "File too large"), 10, "science", "OutputTooLarge"),
        (OSError(errno.ENOSPC, "No space left on device"), 75, "transient", "DiskFull"),
        (ZeroDivisionError("division by zero"), 10, "science", "AnalysisCrashed"),
    ],
)
def test_a_failure_ends_with_its_status_and_reason(
    make_unit: MakeUnit, error: Exception, status: int, kind: str, reason: str
) -> None:
    directory = make_unit()
    assert _run(directory, _raise(error)) == status
    failure = json.loads((directory / "out" / "failure.json").read_text())
    assert (failure["kind"], failure["reason"]) == (kind, reason)
    assert failure["text"]
    assert not (directory / "out" / "manifest.json").exists()


def test_who_fills_the_temporary_directory_is_not_tried_again(
    make_unit: MakeUnit, monkeypatch: pytest.MonkeyPatch
) -> None:
    # A file system of its own with no room on it, as that of the process table always is.
    monkeypatch.setattr("tempfile.gettempdir", lambda: "/proc")
    directory = make_unit()
    assert _run(directory, _raise(OSError(errno.ENOSPC, "No space left on device"))) == 10
    assert json.loads((directory / "out" / "failure.json").read_text())["reason"] == "OutputTooLarge"


def test_a_crash_leaves_its_traceback_in_the_log(make_unit: MakeUnit, capfd: pytest.CaptureFixture[str]) -> None:
    _run(make_unit(), _raise(ZeroDivisionError("division by zero")))
    assert "ZeroDivisionError: division by zero" in capfd.readouterr().err


def test_a_stage_that_writes_nothing_is_a_failure(make_unit: MakeUnit) -> None:
    directory = make_unit()
    assert _run(directory, lambda unit: None) == 10
    assert json.loads((directory / "out" / "failure.json").read_text())["reason"] == "NoProduct"


def test_a_product_that_is_a_link_is_refused(make_unit: MakeUnit) -> None:
    directory = make_unit()
    assert _run(directory, lambda unit: (unit.out / "sky.fits").symlink_to("/etc/hostname")) == 10
    assert json.loads((directory / "out" / "failure.json").read_text())["reason"] == "BadProduct"


def test_an_unknown_stage_names_the_known_ones(make_unit: MakeUnit) -> None:
    directory = make_unit(stage="spectrum")
    assert _run(directory, lambda unit: None) == 64
    assert "window" in json.loads((directory / "out" / "failure.json").read_text())["text"]


def test_loading_says_what_is_not_set(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("ODAMESH_ANALYSIS", raising=False)
    with pytest.raises(RuntimeError, match="ODAMESH_ANALYSIS is not set"):
        load_analysis()
    monkeypatch.setenv("ODAMESH_ANALYSIS", "json")
    with pytest.raises(RuntimeError, match="exports no STAGES"):
        load_analysis()


def test_the_log_tells_steps_warnings_and_the_end(make_unit: MakeUnit, capfd: pytest.CaptureFixture[str]) -> None:
    def stage(unit: Unit) -> None:
        with unit.step("gti"):
            unit.warn("no telemetry for 12 s")
        raise BadInput("NoISGRIEvents", "the window has no events")

    run_unit(make_unit(), lambda: Analysis(stages={"window": stage}))
    lines = capfd.readouterr().err.splitlines()
    assert lines[:2] == ["gti", "warning: no telemetry for 12 s"]
    assert lines[2].startswith("gti done in 0.")
    assert lines[3] == "failed: NoISGRIEvents: the window has no events"
