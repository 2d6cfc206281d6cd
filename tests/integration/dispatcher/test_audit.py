"""The audit over the stores of a working mesh: nothing to be found while it works, and what is taken away is missed."""

from mesh.audit import Kind, audit
from mesh.audit.finding import Report
from mesh.contracts import Analysis, Selection
from mesh.states import UnitState
from tests.integration.dispatcher.mesh_double import MeshDouble, usage
from tests.integration.store.corner import MakeJob

WINDOWS = ("201600270010", "201600280010")


def look(mesh: MeshDouble) -> Report:
    return audit(mesh.objects, mesh.index, pause=0)


def test_a_mesh_at_work_has_nothing_lost_or_doubled(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    mesh.failures[WINDOWS[1]] = usage()
    mesh.submit(analysis, make_job())
    assert look(mesh).findings == ()
    mesh.work()
    mesh.failures.clear()
    mesh.submit(analysis, make_job(user="bob"))
    cancelled = mesh.submit(analysis, make_job(user="eve"))
    assert look(mesh).findings == ()
    mesh.dispatcher.cancelled(cancelled.job_id)
    assert look(mesh).findings == ()
    mesh.work()

    report = look(mesh)

    assert report.findings == ()
    assert report.looked_at["jobs"] == report.looked_at["ended"] == 3
    assert report.looked_at["runs"] == 2


def test_a_unit_that_two_runs_wait_for_is_made_once(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    wide = analysis.model_copy(update={"selection": Selection(scws=(*WINDOWS, "201600290010"))})
    first = mesh.submit(analysis, make_job())
    second = mesh.submit(wide, make_job(of=wide))
    mesh.work()

    shared = [row for row in mesh.jobs.rows(second.job_id) if row.cached_from]

    assert [(row.state, row.cached_from) for row in shared] == [(UnitState.DONE, first.run_id)] * 2
    assert not any(row.cached_from for row in mesh.jobs.rows(first.job_id))
    assert look(mesh).findings == ()


def test_after_a_flush_and_a_sweep_all_agrees_again(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    mesh.submit(analysis, make_job())
    mesh.execute(mesh.released()[0])
    mesh.index.flushdb()
    mesh.announce()
    mesh.dispatcher.sweep()
    mesh.work()
    report = look(mesh)
    assert report.findings == ()
    assert report.looked_at["ended"] == 1


def test_what_is_taken_away_is_missed(mesh: MeshDouble, analysis: Analysis, make_job: MakeJob) -> None:
    view = mesh.submit(analysis, make_job())
    mesh.work()
    key = mesh.jobs.rows(view.job_id)[0].key
    mesh.objects.delete(f"products/{key[:2]}/{key}/product.fits")
    mesh.objects.delete(f"ends/{view.job_id}.json")

    report = look(mesh)

    assert {(finding.kind, finding.about) for finding in report.findings} == {
        (Kind.LOST, f"product {key}"),
        (Kind.LOST, f"job {view.job_id}"),
        (Kind.DOUBLED, f"run {view.run_id}"),
    }
    assert report.counts == {"lost": 2, "doubled": 1, "stuck": 0, "orphaned": 0, "contradictory": 0}
