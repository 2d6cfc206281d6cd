"""What the mesh does while a call fails: each scenario is one thing that callers, operators or time ask of it."""

from collections.abc import Callable
from dataclasses import dataclass

from mesh.contracts import JobView
from mesh.states import JobState, UnitState
from tests.integration.crash_points.world import World, analysis, job_of

Check = Callable[[], list[str]]
"""Says what is not as the caller was promised."""


@dataclass(frozen=True)
class Scenario:
    """One thing that the mesh does.

    Args:
        prepare: without faults.
        act: with a fault; returns what must hold in the end.
    """

    prepare: Callable[[World], object]
    act: Callable[[World, object], Check]


def _states(world: World, wanted: dict[str, tuple[JobState, ...]]) -> Check:
    def check() -> list[str]:
        views: dict[str, JobView] = {job_id: world.view(job_id) for job_id in wanted}
        return [
            f"job is {view.state.value} and not {' or '.join(wanted[job_id])}: {view.warnings} {view.failure}"
            for job_id, view in views.items()
            if view.state not in wanted[job_id]
        ]

    return check


_COMPLETED, _ABORTED = (JobState.COMPLETED,), (JobState.ABORTED,)
_EITHER = (JobState.COMPLETED, JobState.ABORTED)


def _nothing(world: World) -> object:
    return None


def _whole(world: World, _: object) -> Check:
    asked = analysis()
    job = job_of(asked)
    world.submit(asked, job)
    world.run()
    return _states(world, {job.job_id: _COMPLETED})


def _failing(world: World, _: object) -> Check:
    asked = analysis()
    job = job_of(asked)
    world.refused_labels = {"201600010010"}
    world.submit(asked, job)
    world.run()
    states = _states(world, {job.job_id: _COMPLETED})

    def check() -> list[str]:
        row = world.jobs.row(job.job_id, "window", "201600010010")
        wrong = row.state is not UnitState.FAILED or row.failure is None or row.failure.reason != "NoScWData"
        return [*states(), *([f"the bad window is {row.state.value}: {row.failure}"] if wrong else [])]

    return check


def _joined(world: World, _: object) -> Check:
    asked = analysis()
    first, second, third = (job_of(asked, user) for user in ("ada", "bob", "eve"))
    world.submit(asked, first)
    world.run(1)
    world.submit(asked, second)
    world.submit(asked, third)
    world.run(3)
    world.cancel(second.job_id)
    world.run()
    return _states(world, {first.job_id: _COMPLETED, second.job_id: _EITHER, third.job_id: _COMPLETED})


def _cancelled_before_planning(world: World, _: object) -> Check:
    asked = analysis()
    job = job_of(asked)
    world.submit(asked, job)
    world.cancel(job.job_id)
    world.run()
    return _states(world, {job.job_id: _ABORTED})


def _under_way(world: World) -> object:
    asked = analysis(windows=3)
    job = job_of(asked)
    world.submit(asked, job)
    world.run(4)
    return job.job_id


def _cancelled_under_way(world: World, job_id: object) -> Check:
    world.cancel(str(job_id))
    world.run()
    return _states(world, {str(job_id): _EITHER})


def _wanted_again_after_cancel(world: World, job_id: object) -> Check:
    asked = world.jobs.analysis(world.view(str(job_id)).request_key)
    again = job_of(asked, "bob")
    world.cancel(str(job_id))
    world.run(1)
    world.submit(asked, again)
    world.run()
    return _states(world, {str(job_id): _EITHER, again.job_id: _COMPLETED})


def _deleted_under_way(world: World, job_id: object) -> Check:
    world.delete(str(job_id))
    world.run()

    def check() -> list[str]:
        there = f"jobs/{job_id}.json" in world.objects.kept
        return ["the deleted job is there"] if there else []

    return check


def _finished(world: World) -> object:
    asked = analysis()
    job = job_of(asked)
    world.submit(asked, job)
    world.run()
    world.let_time_pass()
    return job.job_id


def _made_again(world: World, job_id: object) -> Check:
    """Remove products, and ask again at the same time."""
    rows = world.jobs.rows(str(job_id))
    asked = world.jobs.analysis(world.view(str(job_id)).request_key)
    again = job_of(asked, "bob")
    world.evict(rows[0].key)
    world.submit(asked, again)
    world.run(1)
    world.evict(rows[2].key)
    world.run()
    return _states(world, {again.job_id: _COMPLETED})


def _cached(world: World, job_id: object) -> Check:
    asked = world.jobs.analysis(world.view(str(job_id)).request_key)
    again = job_of(asked, "bob")
    world.submit(asked, again)
    world.run()
    return _states(world, {str(job_id): _COMPLETED, again.job_id: _COMPLETED})


def _forgotten_products(world: World) -> object:
    """Units in the backlog whose products are there, as the index finds out only after they were planned."""
    first = analysis(windows=8, salt="same")
    world.submit(first, job_of(first))
    world.run()
    for key in list(world.real.scan_iter("product:*")):
        world.real.delete(key)
    world.real.delete("mesh:products-used", "mesh:products-indexed")
    second = first.model_copy(update={"parameters": {**first.parameters, "merge_seconds": 1}})
    job = job_of(second)
    world.submit(second, job)
    world.run(1)
    return job.job_id


def _made_at_release(world: World, job_id: object) -> Check:
    world.ask_dispatcher(world.look_after_products)
    world.run()
    return _states(world, {str(job_id): _COMPLETED})


def _rebuilt(world: World, job_id: object) -> Check:
    world.real.flushdb()
    world.announce()
    world.real.delete("mesh:sweep")
    world.ask_dispatcher(world.dispatcher.sweep)
    world.run()
    return _states(world, {str(job_id): _COMPLETED})


def _swept(world: World, job_id: object) -> Check:
    """Every message is lost."""
    world.broker.waiting.clear()
    world.let_time_pass()
    world.run()
    return _states(world, {str(job_id): _COMPLETED})


def _updated(world: World, job_id: object) -> Check:
    world.update_worker()
    world.real.delete("mesh:sweep")
    world.ask_dispatcher(world.dispatcher.sweep)
    world.run()
    return _states(world, {str(job_id): _COMPLETED})


SCENARIOS = {
    "a job from its submission to its end": Scenario(_nothing, _whole),
    "a job with a window that fails": Scenario(_nothing, _failing),
    "three jobs share a run, one is cancelled": Scenario(_nothing, _joined),
    "a cancel that comes before the planning": Scenario(_nothing, _cancelled_before_planning),
    "a cancel under way": Scenario(_under_way, _cancelled_under_way),
    "a cancel, and the same is asked for again": Scenario(_under_way, _wanted_again_after_cancel),
    "a deletion under way": Scenario(_under_way, _deleted_under_way),
    "a deletion after the end": Scenario(_finished, _deleted_under_way),
    "everything is there already": Scenario(_finished, _cached),
    "products are removed while they are asked for again": Scenario(_finished, _made_again),
    "products turn up after the planning": Scenario(_forgotten_products, _made_at_release),
    "Redis is flushed": Scenario(_under_way, _rebuilt),
    "all messages are lost": Scenario(_under_way, _swept),
    "the instrument is updated": Scenario(_under_way, _updated),
}
