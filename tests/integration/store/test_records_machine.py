"""Whatever happens to the records in whatever order, no unit and no job is lost, and nothing stays for ever."""

import pytest
import redis
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from tests.integration.store.records_machine import RecordsMachine


def _run(index: redis.Redis, monkeypatch: pytest.MonkeyPatch, examples: int, steps: int) -> None:
    monkeypatch.setattr("mesh.store.runs._CHUNK", 2)  # so that a few rows are several bundles

    class Machine(RecordsMachine):
        client = index

    run_state_machine_as_test(
        Machine,
        settings=settings(
            max_examples=examples,
            stateful_step_count=steps,
            deadline=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,),  # a shrunk example is not worth the minutes: the steps are told, and the seed
            report_multiple_bugs=False,
            database=None,
            print_blob=True,
        ),
    )


def test_the_records_stand_whatever_happens(index: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(index, monkeypatch, examples=20, steps=30)


@pytest.mark.long
@pytest.mark.timeout(3600)
def test_the_records_stand_for_long(index: redis.Redis, monkeypatch: pytest.MonkeyPatch) -> None:
    _run(index, monkeypatch, examples=1500, steps=60)
