"""The transition tables are complete, end where they should, and never lead out of an end."""

from mesh.states import JOB_TRANSITIONS, UNIT_TRANSITIONS, JobState, UnitState, job_is_final, unit_is_final


def test_tables_are_complete() -> None:
    assert set(UNIT_TRANSITIONS) == set(UnitState)
    assert set(JOB_TRANSITIONS) == set(JobState)


def test_ends() -> None:
    assert {state for state in UnitState if unit_is_final(state)} == {
        UnitState.CACHED,
        UnitState.DONE,
        UnitState.FAILED,
        UnitState.CANCELLED,
    }
    assert {state for state in JobState if job_is_final(state)} == {
        JobState.COMPLETED,
        JobState.ERROR,
        JobState.ABORTED,
    }


def test_cancel_is_possible_in_every_phase() -> None:
    assert all(UnitState.CANCELLED in then for state, then in UNIT_TRANSITIONS.items() if not unit_is_final(state))
    assert all(JobState.ABORTED in then for state, then in JOB_TRANSITIONS.items() if not job_is_final(state))
