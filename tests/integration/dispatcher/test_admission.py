"""Admission: users share the slots by weight, budgets come before backlogs, full queues hold units back."""

from collections import Counter

import pytest

from mesh.broker.outgoing import Outgoing
from mesh.broker.topology import UNITS
from mesh.contracts import Allowance, Allowances, Analysis, Lane, Selection, Unit
from mesh.errors import QueueFull
from mesh.states import JobState, UnitState
from mesh.store.allowances import change_allowances
from mesh.store.loads import Loads
from tests.integration.dispatcher.mesh_double import Broker, MeshDouble
from tests.integration.store.corner import MakeJob


def wide(analysis: Analysis, windows: int, salt: str) -> Analysis:
    scws = tuple(f"{2000 + number // 900:04d}{number % 900 + 1:04d}0010" for number in range(windows))
    parameters = analysis.parameters | {"salt": salt}
    return analysis.model_copy(update={"selection": Selection(scws=scws), "parameters": parameters})


def submit(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, user: str, windows: int, **more: Lane) -> str:
    asked = wide(analysis, windows, user)
    return mesh.submit(asked, make_job(user=user, of=asked, **more)).job_id


def work(mesh: MeshDouble, units: int) -> Counter[str]:
    """Execute so many units in the order of the queue; return how many of whom."""
    queue, done = mesh.released(), Counter[str]()
    while queue and done.total() < units:
        unit = queue.pop(0)
        mesh.execute(unit)
        done[unit.user] += 1
        queue += mesh.released()
    return done


def test_a_small_request_does_not_wait_for_thousands(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    submit(mesh, analysis, make_job, "big", 5000)
    queue = mesh.released()
    small = submit(mesh, analysis, make_job, "small", 10)
    worked = 0
    while mesh.jobs.view(small).state is not JobState.COMPLETED:
        queue += mesh.released()
        mesh.execute(queue.pop(0))
        worked += 1
    assert worked <= 3 * (10 + 1), "ten windows and the merge alone are eleven units"


def test_weights_are_shares(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    change_allowances(mesh.objects, lambda _: Allowances(users={"ada": Allowance(weight=3)}))
    mesh.dispatcher.sweep()
    mesh.announce(slots=1)
    for user in ("ada", "bob", "eve"):
        submit(mesh, analysis, make_job, user, 60)
    done = work(mesh, 60)
    assert done["ada"] > 1.5 * done["bob"]
    assert abs(done["bob"] - done["eve"]) <= 2


def test_a_spent_budget_lets_others_go_first_and_refuses_nothing(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob
) -> None:
    # A unit of the double takes half a second.
    change_allowances(mesh.objects, lambda _: Allowances(users={"ada": Allowance(budget_s=2.0)}))
    mesh.dispatcher.sweep()
    spender = submit(mesh, analysis, make_job, "ada", 40)
    assert work(mesh, 6)["ada"] == 6
    assert Loads(mesh.index).of("ada").spent_s == pytest.approx(3.0)
    mesh.announce(slots=1)
    other = submit(mesh, analysis, make_job, "bob", 20)
    done = work(mesh, 20)
    assert done["bob"] > done["ada"]
    mesh.dispatcher.sweep()
    mesh.work()
    for job in (spender, other):
        assert mesh.jobs.view(job).counts[UnitState.DONE] > 0


class FullQueue(Broker):
    """A broker whose queue of units holds so many and refuses the others for certain."""

    def __init__(self, room: int) -> None:
        super().__init__()
        self.room = room

    def publish_many(self, messages: "list[Outgoing]") -> None:  # type: ignore[override]
        """Keep what there is room for."""
        taken = [message for message in messages if message.exchange != UNITS]
        units = [message for message in messages if message.exchange == UNITS]
        room = max(0, self.room - sum(message.exchange == UNITS for message in self.sent))
        super().publish_many([*taken, *units[:room]])
        if len(units) > room:
            raise QueueFull("QueueFull", "full", failed=[message.message_id for message in units[room:]])


def test_a_full_queue_slows_the_release_and_loses_nothing(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.dispatcher.admission._FULL_SECONDS", 0.0)
    mesh.broker = FullQueue(room=1)
    mesh.dispatcher = mesh.new_dispatcher("full")
    job = submit(mesh, analysis, make_job, "ada", 12)
    seen: list[Unit] = []
    while mesh.jobs.view(job).state is not JobState.COMPLETED:
        (unit,) = mesh.released()
        seen.append(unit)
        assert mesh.index.scard("window:noop:user") == 1, "only what the broker has counts as released"
        mesh.execute(unit)
        mesh.dispatcher.resume()
    assert len(seen) == len({unit.key for unit in seen}) == 13
    assert mesh.jobs.view(job).counts[UnitState.DONE] == 13


def test_a_full_lane_does_not_hold_another(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    full = FullQueue(room=0)
    mesh.broker = full
    mesh.dispatcher = mesh.new_dispatcher("full")
    submit(mesh, analysis, make_job, "ada", 5)
    assert mesh.released() == []
    full.room = 100
    submit(mesh, analysis, make_job, "broker", 1, lane=Lane.ALERT)
    assert [(unit.user, unit.lane) for unit in mesh.released()] == [("broker", Lane.ALERT)]


def test_the_load_of_a_user_is_what_has_not_ended(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    loads = Loads(mesh.index)
    first = submit(mesh, analysis, make_job, "ada", 5)
    submit(mesh, analysis, make_job, "ada", 3)
    assert loads.of("ada")[:2] == (2, 6 + 4)
    mesh.dispatcher.cancelled(first)
    assert loads.of("ada")[:2] == (1, 4)
    mesh.work()
    assert loads.of("ada")[:2] == (0, 0)
    assert loads.of("bob")[:2] == (0, 0)


def test_a_job_that_is_not_planned_counts_its_windows(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    asked = wide(analysis, 7, "new")
    mesh.jobs.submit(asked, make_job(user="ada", of=asked))
    load = Loads(mesh.index).of("ada")
    assert (load.jobs, load.units, load.unplanned) == (1, 7, 1)
