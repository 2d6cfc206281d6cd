"""Old and new processes side by side: whatever a newer one writes, the others go on."""

import json
from typing import Any

import pytest

from mesh.audit import audit
from mesh.contracts import Analysis, Document
from mesh.states import JobState, UnitState
from tests.integration.dispatcher.mesh_double import MeshDouble
from tests.integration.store.corner import MakeJob

_OPEN = {"parameters", "counts", "stages", "steps", "summary", "users"}
"""Fields that hold names of the caller's or the instrument's own: one more there is content."""


def _with_news(content: Any) -> Any:
    if isinstance(content, dict):
        inner = {name: value if name in _OPEN else _with_news(value) for name, value in content.items()}
        return {**inner, "added_in_3026": {"x": 1}}
    return [_with_news(entry) for entry in content] if isinstance(content, list) else content


@pytest.fixture
def everybody_else_is_newer(monkeypatch: pytest.MonkeyPatch) -> None:
    """Every message and every stored document has fields that this version does not know."""
    encode = Document.encode

    def encode_with_news(document: Document) -> bytes:
        return json.dumps(_with_news(json.loads(encode(document)))).encode()

    monkeypatch.setattr(Document, "encode", encode_with_news)


@pytest.mark.usefixtures("everybody_else_is_newer")
def test_a_job_goes_its_whole_way(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    first = mesh.submit(analysis, make_job())
    mesh.work()
    assert mesh.jobs.view(first.job_id).state is JobState.COMPLETED
    again = mesh.submit(analysis, make_job(user="bob"))
    assert again.counts[UnitState.CACHED] == 3, "its products are found by the same keys"
    assert audit(mesh.objects, mesh.index, pause=0).findings == ()


@pytest.mark.usefixtures("everybody_else_is_newer")
def test_a_job_is_rebuilt_from_what_a_newer_version_stored(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob
) -> None:
    view = mesh.submit(analysis, make_job())
    mesh.index.flushdb()
    mesh.announce()
    mesh.dispatcher.sweep()
    mesh.work()
    assert mesh.jobs.view(view.job_id).state is JobState.COMPLETED


def test_a_request_that_only_a_newer_dispatcher_understands_waits_for_it(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Leaving out what it does not know, this one would analyse something else."""
    newer = "f" * 64
    monkeypatch.setattr(Analysis, "key", newer)
    job = make_job()
    mesh.jobs.submit(analysis, job)
    monkeypatch.undo()
    monkeypatch.setenv("ODAMESH_DRILLS", "1")
    mesh.dispatcher.submitted(job)
    view = mesh.jobs.view(job.job_id)
    assert view.state is JobState.PENDING
    assert "newer dispatcher" in f"{view.waits} {view.warnings}"
    assert mesh.released() == []
