"""Runs that make something of windows nobody asked for: planned, shared, told, and left out where there are few."""

import json
from pathlib import Path

import pytest

from mesh.audit import audit
from mesh.contracts import Analysis, ProductInput, Selection
from mesh.instruments import instrument
from mesh.states import JobState, UnitState
from mesh.store.announcements import Announcement, Announcements
from tests.integration.dispatcher.mesh_double import MeshDouble, usage
from tests.integration.store.corner import MakeJob

EPOCH = "epoch-0100-0119"
WINDOWS = tuple(f"0100{number:04d}0010.001" for number in range(1, 13))
ELSEWHERE = "030000010010.001"


def _write(archive: Path, labels: tuple[str, ...]) -> None:
    lines = []
    for number, label in enumerate(labels):
        folder = archive / "scw" / label[:4] / label
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "isgri_events.fits").write_bytes(label.encode())
        entry = {"scw": label, "t_start": 1200.0 + number, "t_stop": 1200.5 + number, "ra_x": 10.0 + number}
        entry |= {"dec_x": 0.0, "ra_z": 10.0, "dec_z": 90.0, "sw_type": "POINTING", "telapse": 2000.0}
        lines.append(json.dumps(entry | {"files": ["isgri_events.fits"]}))
    (archive / "idx" / "scw").mkdir(parents=True, exist_ok=True)
    (archive / "idx" / "scw" / "odamesh-index.jsonl").write_text("\n".join(lines) + "\n")


@pytest.fixture
def archived(mesh: MeshDouble, tmp_path: Path) -> MeshDouble:
    """A mesh with an archive of twelve windows of an epoch and one of another, and an ISGRI service."""
    _write(tmp_path, (*WINDOWS, ELSEWHERE))
    announcement = Announcement(image="sha256:1", calibration="isgri-1", runner="fake", worker="w1", slots=2)
    Announcements(mesh.index).announce("isgri", announcement)
    mesh.dispatcher = mesh.new_dispatcher("one", archive=str(tmp_path))
    return mesh


def _image(*scws: str, **parameters: object) -> Analysis:
    return Analysis(
        instrument="isgri",
        product="isgri_image",
        selection=Selection(scws=scws),
        parameters=instrument("isgri").canonical_parameters("isgri_image", parameters),
    )


def _submit(mesh: MeshDouble, make_job: MakeJob, analysis: Analysis) -> str:
    return mesh.submit(analysis, make_job(of=analysis)).job_id


def _keys(mesh: MeshDouble, job_id: str, stage: str) -> dict[str, str]:
    return {row.label: row.key for row in mesh.jobs.rows(job_id) if row.stage == stage}


def test_the_map_of_an_epoch_is_made_first_and_once(archived: MeshDouble, make_job: MakeJob) -> None:
    first = _submit(archived, make_job, _image(WINDOWS[0]))
    archived.work()
    view = archived.jobs.view(first)
    assert (view.state, view.partial, view.warnings) == (JobState.COMPLETED, False, ())
    assert list(view.stages) == ["epoch_background", "epoch_map", "image", "mosaic"]
    assert [product.stage for product in view.products] == ["mosaic"]
    parts, epoch_map = _keys(archived, first, "epoch_background"), _keys(archived, first, "epoch_map")
    assert sorted(parts) == list(WINDOWS)
    made = {unit.stage: unit for unit in archived.executed}
    assert {entry.key for entry in made["epoch_map"].inputs if isinstance(entry, ProductInput)} == set(parts.values())
    used = {entry.key for entry in made["image"].inputs if isinstance(entry, ProductInput)}
    assert used == {epoch_map[EPOCH], parts[WINDOWS[0]]}

    archived.executed.clear()
    other = _submit(archived, make_job, _image(WINDOWS[1], bands=[[40, 80]]))
    archived.work()
    assert [unit.stage for unit in archived.executed] == ["image", "mosaic"]
    assert _keys(archived, other, "epoch_map") == epoch_map
    assert archived.jobs.view(other).counts[UnitState.CACHED] == len(WINDOWS) + 1
    assert not audit(archived.objects, archived.index, pause=0).findings


def test_a_new_window_makes_a_new_map(archived: MeshDouble, make_job: MakeJob, tmp_path: Path) -> None:
    first = _submit(archived, make_job, _image(WINDOWS[0]))
    archived.work()
    new = "010000990010.001"
    _write(tmp_path, (*WINDOWS, ELSEWHERE, new))
    archived.executed.clear()
    second = _submit(archived, make_job, _image(WINDOWS[0], detection_threshold=7))
    archived.work()
    assert [(unit.stage, unit.label) for unit in archived.executed][:2] == [
        ("epoch_background", new),
        ("epoch_map", EPOCH),
    ]
    assert _keys(archived, first, "epoch_map") != _keys(archived, second, "epoch_map")


def test_where_windows_are_few_there_is_no_such_stage(archived: MeshDouble, make_job: MakeJob) -> None:
    job = _submit(archived, make_job, _image(ELSEWHERE))
    archived.work()
    view = archived.jobs.view(job)
    assert (view.state, list(view.stages)) == (JobState.COMPLETED, ["image", "mosaic"])
    assert [unit.stage for unit in archived.executed] == ["image", "mosaic"]
    assert not audit(archived.objects, archived.index, pause=0).findings


def test_a_window_of_another_epoch_goes_without(archived: MeshDouble, make_job: MakeJob) -> None:
    _submit(archived, make_job, _image(WINDOWS[0], ELSEWHERE))
    archived.work()
    roles = {unit.label: {entry.role for entry in unit.inputs} for unit in archived.executed if unit.stage == "image"}
    assert roles == {WINDOWS[0]: {"events", "epoch_map", "epoch_background"}, ELSEWHERE: {"events"}}


def test_a_bad_window_of_an_epoch_spoils_nothing(archived: MeshDouble, make_job: MakeJob) -> None:
    archived.failures[WINDOWS[5]] = usage("ScWDataCorrupted")
    archived.warnings[WINDOWS[6]] = ("the telescope slewed in this window; its sources are smeared",)
    job = _submit(archived, make_job, _image(WINDOWS[0]))
    archived.work()
    view = archived.jobs.view(job)
    assert (view.state, view.partial) == (JobState.COMPLETED, False)
    assert view.warnings == (f"epoch_background of {WINDOWS[5]}: ScWDataCorrupted: the window has no data",), (
        "what is odd about windows that nobody asked for stays in their rows"
    )
    made = next(unit for unit in archived.executed if unit.stage == "epoch_map")
    assert len(made.inputs) == len(WINDOWS) - 1


def test_without_a_map_a_run_goes_on(archived: MeshDouble, make_job: MakeJob) -> None:
    archived.failures[EPOCH] = usage()
    job = _submit(archived, make_job, _image(WINDOWS[0]))
    archived.work()
    assert archived.jobs.view(job).state is JobState.COMPLETED
    image = next(unit for unit in archived.executed if unit.stage == "image")
    assert [entry.role for entry in image.inputs] == ["events"]
