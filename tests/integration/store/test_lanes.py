"""What an operator sees of the lanes, on a real Redis."""

import redis

from mesh.contracts import Analysis, Lane
from mesh.states import UnitState
from mesh.store.backlog import Backlog
from mesh.store.lanes import LaneLoad, Lanes
from mesh.store.runs import Runs
from tests.integration.store.corner import MakeJob
from tests.integration.store.test_fan_in import change, open_run, other, release


def test_a_unit_waits_is_released_runs_and_is_gone(index: redis.Redis, analysis: Analysis, make_job: MakeJob) -> None:
    runs, backlog, lanes = Runs(index), Backlog(index), Lanes(index)

    def user() -> LaneLoad:
        return next(load for load in lanes.of("noop") if load.lane is Lane.USER)

    assert user() == (Lane.USER, 0, 0, 0, 0)
    open_run(runs, analysis, make_job, ["k1", "k2", "k3"])
    open_run(runs, other(analysis, "b"), make_job, ["k4"], user="bob")
    assert user() == (Lane.USER, 2, 4, 0, 0)
    released = {unit.key for unit in release(backlog, per_user=1, in_lane=9, most=9)}
    assert released == {"k1", "k4"}
    assert user()[2:] == (2, 2, 0)
    runs.apply(change("k1", UnitState.RUNNING, 1), 60, "me")
    assert user()[2:] == (2, 2, 1)
    runs.apply(change("k1", UnitState.DONE, 2), 60, "me")
    assert user()[2:] == (2, 1, 0)
    assert {load for load in lanes.of("noop") if load.lane is not Lane.USER} == {
        LaneLoad(Lane.ALERT, 0, 0, 0, 0),
        LaneLoad(Lane.BATCH, 0, 0, 0, 0),
    }
