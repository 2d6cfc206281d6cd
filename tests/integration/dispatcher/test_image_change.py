"""An instrument is updated while a run is under way: the run begins anew with the image that runs now."""

from collections.abc import Iterator

import pytest

from mesh.contracts import Analysis, Unit
from mesh.states import JobState, UnitState, unit_is_final
from mesh.store.announcements import Announcement, Announcements
from tests.integration.dispatcher.mesh_double import MeshDouble, usage
from tests.integration.store.corner import MakeJob

NEW = "sha256:2"


@pytest.fixture
def announcements(mesh: MeshDouble) -> Iterator[Announcements]:
    """Where workers announce themselves."""
    yield Announcements(mesh.index)


def announce(announcements: Announcements, worker: str, image: str = NEW, calibration: str = "noop-1") -> None:
    announcements.announce(
        "noop", Announcement(image=image, calibration=calibration, runner="fake", worker=worker, slots=2)
    )


def sweep(mesh: MeshDouble) -> None:
    mesh.index.delete("mesh:sweep")
    mesh.dispatcher.sweep()


def images(units: list[Unit]) -> set[str]:
    return {unit.image for unit in units}


def test_a_run_begins_anew_with_all_its_stages(
    mesh: MeshDouble, announcements: Announcements, analysis: Analysis, make_job: MakeJob
) -> None:
    view = mesh.submit(analysis, make_job())
    first, second = mesh.released()
    mesh.execute(first)
    mesh.tell(second, UnitState.RUNNING)

    announcements.withdraw("noop", "w1")
    announce(announcements, "w2")
    sweep(mesh)

    view = mesh.jobs.view(view.job_id)
    assert view.state is JobState.EXECUTING
    assert view.counts[UnitState.QUEUED] == 2, "also the window that the former image had made"
    assert view.counts[UnitState.WAITING] == 1
    assert view.warnings == ("begun anew: noop was updated while this job ran",)
    assert mesh.stopped() == [second.key]
    assert not mesh.leases.unit_wanted(second.key)
    anew = mesh.released()
    assert [unit.label for unit in anew] == [first.label, second.label]
    mesh.execute(second)  # the former image is late
    for unit in anew:
        mesh.execute(unit)
    (merge,) = mesh.released()
    assert images([*anew, merge]) == {NEW}
    assert {entry.key for entry in merge.inputs} == {unit.key for unit in anew}  # type: ignore[union-attr]
    mesh.execute(merge)
    view = mesh.jobs.view(view.job_id)
    assert view.state is JobState.COMPLETED
    assert view.counts[UnitState.DONE] == view.total == 3
    assert not view.warnings
    assert {mesh.products.read(unit.key) is not None for unit in (first, second)} == {True}, "they stay in the store"


def test_followers_see_that_ended_windows_wait_again(
    mesh: MeshDouble, announcements: Announcements, analysis: Analysis, make_job: MakeJob
) -> None:
    mesh.failures["201600280010"] = usage()
    view = mesh.submit(analysis, make_job())
    for unit in mesh.released():
        mesh.execute(unit)
    mesh.failures.clear()

    announcements.withdraw("noop", "w1")
    announce(announcements, "w2")
    sweep(mesh)
    mesh.work()

    assert view.run_id is not None
    told = [event["row"] for _, event in mesh.jobs.events(view.run_id, limit=1000) if event["type"] == "unit"]
    for label in ("201600270010", "201600280010"):
        states = [UnitState(row["state"]) for row in told if row["label"] == label]
        ends = [position for position, state in enumerate(states) if unit_is_final(state)]
        assert len(ends) == 2
        assert UnitState.WAITING in states[ends[0] : ends[1]]
    assert mesh.jobs.view(view.job_id).counts[UnitState.DONE] == 3


def test_what_the_new_image_has_made_already_is_not_made_again(
    mesh: MeshDouble, announcements: Announcements, analysis: Analysis, make_job: MakeJob
) -> None:
    view = mesh.submit(analysis, make_job())
    mesh.released()
    announcements.withdraw("noop", "w1")
    announce(announcements, "w2")
    one = analysis.model_copy(update={"selection": analysis.selection.model_copy(update={"scws": ("201600270010",)})})
    other = mesh.submit(one, make_job(of=one))
    mesh.work()

    sweep(mesh)
    mesh.work()

    view = mesh.jobs.view(view.job_id)
    assert (view.state, view.counts[UnitState.CACHED], view.counts[UnitState.DONE]) == (JobState.COMPLETED, 1, 2)
    [found] = [row for row in mesh.jobs.rows(view.job_id) if row.state is UnitState.CACHED]
    assert (found.label, found.cached_from) == ("201600270010", other.run_id)
    windows = [unit.label for unit in mesh.executed if unit.stage == "window"]
    assert windows == ["201600270010", "201600280010"], "each once with the new image"


def test_what_was_made_is_found_again_when_the_former_image_comes_back(
    mesh: MeshDouble, announcements: Announcements, analysis: Analysis, make_job: MakeJob
) -> None:
    view = mesh.submit(analysis, make_job())
    first, _ = mesh.released()
    mesh.execute(first)
    announcements.withdraw("noop", "w1")
    announce(announcements, "w2")
    sweep(mesh)
    mesh.released()
    announcements.withdraw("noop", "w2")
    announce(announcements, "w3", "sha256:1")
    sweep(mesh)

    [second] = mesh.released()
    assert (second.label, second.image) == ("201600280010", "sha256:1")
    mesh.execute(second)
    mesh.work()
    view = mesh.jobs.view(view.job_id)
    assert (view.state, view.total) == (JobState.COMPLETED, 3)
    assert mesh.executed.count(first) == 1


def test_another_calibration_is_another_image(
    mesh: MeshDouble, announcements: Announcements, analysis: Analysis, make_job: MakeJob
) -> None:
    mesh.submit(analysis, make_job())
    mesh.released()
    announce(announcements, "w1", "sha256:1", "noop-2")
    sweep(mesh)
    assert {unit.calibration for unit in mesh.released()} == {"noop-2"}


def test_in_a_roll_out_the_run_goes_on_with_the_workers_it_has(
    mesh: MeshDouble, announcements: Announcements, analysis: Analysis, make_job: MakeJob
) -> None:
    view = mesh.submit(analysis, make_job())
    announce(announcements, "w2")
    sweep(mesh)
    mesh.work()
    assert images(mesh.executed) == {"sha256:1"}
    assert mesh.jobs.view(view.job_id).state is JobState.COMPLETED


def test_while_no_worker_lives_nothing_is_given_up(
    mesh: MeshDouble, announcements: Announcements, analysis: Analysis, make_job: MakeJob
) -> None:
    mesh.submit(analysis, make_job())
    planned = mesh.released()
    announcements.withdraw("noop", "w1")
    sweep(mesh)
    assert mesh.released() == []
    assert all(mesh.leases.unit_wanted(unit.key) for unit in planned)


def test_two_runs_that_share_a_unit_both_begin_anew(
    mesh: MeshDouble, announcements: Announcements, analysis: Analysis, make_job: MakeJob
) -> None:
    wide = mesh.submit(analysis, make_job())
    one = analysis.model_copy(update={"selection": analysis.selection.model_copy(update={"scws": ("201600270010",)})})
    narrow = mesh.submit(one, make_job(of=one))
    mesh.released()
    announcements.withdraw("noop", "w1")
    announce(announcements, "w2")
    sweep(mesh)
    mesh.work()
    assert images(mesh.executed) == {NEW}
    assert len({unit.key for unit in mesh.executed}) == len(mesh.executed) == 4
    for view in (wide, narrow):
        assert mesh.jobs.view(view.job_id).state is JobState.COMPLETED


def test_a_run_cancelled_while_it_begins_anew_stays_cancelled(
    mesh: MeshDouble, announcements: Announcements, analysis: Analysis, make_job: MakeJob
) -> None:
    view = mesh.submit(analysis, make_job())
    mesh.released()
    mesh.dispatcher.cancelled(view.job_id)
    announcements.withdraw("noop", "w1")
    announce(announcements, "w2")
    sweep(mesh)
    mesh.work()
    assert mesh.executed == []
    assert mesh.jobs.view(view.job_id).counts[UnitState.CANCELLED] == 3
