"""Large parameters and long lists of inputs are stored once, not for each unit; workers put them together."""

import pytest

from mesh.broker.topology import UNITS
from mesh.contracts import Analysis, PackedUnit, Unit, read_unit
from mesh.errors import StoreUnavailable
from mesh.states import JobState, UnitState
from mesh.store.parts import Parts
from services.dispatcher import packing
from tests.integration.dispatcher.mesh_double import MeshDouble
from tests.integration.dispatcher.test_admission import wide
from tests.integration.store.corner import MakeJob


def large(analysis: Analysis, windows: int) -> Analysis:
    asked = wide(analysis, windows, "large")
    # Some hundred kilobytes, as a catalogue of two thousand sources.
    fails = [f"{2000 + number // 900:04d}{number % 900 + 1:04d}0010" for number in range(8000, 16000)]
    return asked.model_copy(update={"parameters": asked.parameters | {"fails": fails}})


def test_what_units_share_is_stored_once_and_put_together_by_the_worker(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob
) -> None:
    asked = large(analysis, 100)
    before = mesh.index.info("memory")["used_memory_dataset"]
    job = make_job(of=asked)
    mesh.submit(asked, job)
    grown = mesh.index.info("memory")["used_memory_dataset"] - before
    parameters = len(str(asked.parameters))
    assert parameters > 100_000
    assert grown < 10 * parameters, "not once for each of the hundred units"

    messages = [message.body for message in mesh.broker.sent if message.exchange == UNITS]
    assert max(map(len, messages)) < 4000
    parts = Parts(mesh.objects)
    for body in messages:
        packed = read_unit(body)
        assert isinstance(packed, PackedUnit)
        assert parts.unpack(packed).parameters["fails"] == asked.parameters["fails"]
    assert len(list(mesh.objects.list("parts/"))) == 1

    mesh.work()
    assert mesh.jobs.view(job.job_id).counts[UnitState.DONE] == 101
    merge = mesh.products.find(mesh.jobs.row(job.job_id, "merge", "job").key)
    assert merge is not None
    assert len(merge.inputs) == 100, "a long list of one unit is a part as well"


def test_keys_do_not_depend_on_what_travels(
    mesh: MeshDouble, analysis: Analysis, make_job: MakeJob, monkeypatch: pytest.MonkeyPatch
) -> None:
    asked = large(analysis, 3)
    mesh.submit(asked, make_job(of=asked))
    packed = {unit.key for unit in mesh.released()}
    mesh.index.flushdb()
    mesh.announce()
    monkeypatch.setattr(packing, "_LARGE_PARAMETERS", 10**9)
    mesh.submit(asked, make_job(of=asked))
    messages = mesh.broker.take(UNITS)
    assert {Unit.decode(message.body).key for message in messages} == packed


def test_a_part_that_is_not_there_is_tried_again(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    asked = large(analysis, 3)
    job = make_job(of=asked)
    mesh.submit(asked, job)
    body = mesh.broker.sent[0].body
    for entry in list(mesh.objects.list("parts/")):
        mesh.objects.delete(entry.name)
    with pytest.raises(StoreUnavailable, match="lacks part"):
        Parts(mesh.objects).unpack(read_unit(body))

    mesh.index.flushdb()
    mesh.announce()
    mesh.dispatcher.sweep()
    Parts(mesh.objects).unpack(read_unit(body))
    mesh.work()
    assert mesh.jobs.view(job.job_id).state is JobState.COMPLETED
