"""Files of the archive that a request names: a run ends with the reason where one is not there, and no row waits."""

from pathlib import Path
from typing import Any

import pytest

from mesh.audit import audit
from mesh.contracts import Analysis, Job, Selection
from mesh.instruments import instrument
from mesh.states import JobState, UnitState
from mesh.store.announcements import Announcement, Announcements
from mesh.store.runs import Runs
from tests.integration.dispatcher.mesh_double import MeshDouble
from tests.integration.store.corner import MakeJob


@pytest.fixture
def archived(mesh: MeshDouble, tmp_path: Path) -> MeshDouble:
    """A mesh with an archive and a service for fits."""
    announcement = Announcement(image="sha256:1", calibration="fit-1", runner="fake", worker="w2", slots=1)
    Announcements(mesh.index).announce("spectral_fit", announcement)
    mesh.dispatcher = mesh.new_dispatcher("one", archive=str(tmp_path))
    return mesh


def test_a_file_that_is_absent_ends_a_run_before_it_has_rows(archived: MeshDouble, make_job: MakeJob) -> None:
    view = archived.submit(*_fit("given/absent.pha", make_job))
    assert view.state is JobState.ERROR
    assert view.failure is not None
    assert view.failure.reason == "NoSuchFile"
    assert "given/absent.pha" in view.failure.text
    assert view.total == 0


def test_a_file_that_goes_away_leaves_no_row_waiting(
    archived: MeshDouble, make_job: MakeJob, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "one.pha").touch()
    laid_out = Runs.lay_out

    def gone_meanwhile(runs: Runs, *given: Any) -> int:
        (tmp_path / "one.pha").unlink()
        return laid_out(runs, *given)

    monkeypatch.setattr(Runs, "lay_out", gone_meanwhile)
    view = archived.submit(*_fit("one.pha", make_job))
    assert view.state is JobState.ERROR
    assert view.counts[UnitState.CANCELLED] == view.total == 1
    assert not audit(archived.objects, archived.index, pause=0).findings


def _fit(path: str, make_job: MakeJob) -> tuple[Analysis, Job]:
    analysis = Analysis(
        instrument="spectral_fit",
        product="spectral_fit",
        selection=Selection(),
        parameters=instrument("spectral_fit").canonical_parameters("spectral_fit", {"files": [path]}),
    )
    return analysis, make_job(of=analysis)
