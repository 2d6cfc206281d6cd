"""What Prometheus sees of the dispatcher."""

from datetime import datetime

from prometheus_client import Counter, Gauge, Histogram

from mesh import tracing
from mesh.states import JobState
from mesh.store.runs import Run

_SECONDS = (0.1, 0.3, 1, 3, 10, 30, 60, 120, 300, 600, 1800, 3600, 10_800, 43_200, 86_400)

RUNS = Counter("odamesh_runs_total", "Runs that ended, by instrument and state.", ["instrument", "state"])
RUN_SECONDS = Histogram(
    "odamesh_run_seconds", "Time from the opening of a run to its end.", ["lane", "state"], buckets=_SECONDS
)
RUN_WAIT_SECONDS = Histogram(
    "odamesh_run_wait_seconds",
    "Time from the opening of a run to the start of its first unit.",
    ["lane"],
    buckets=_SECONDS,
)
RELEASED = Counter("odamesh_units_released_total", "Units given to the broker.", ["instrument", "lane"])
SILENT = Counter("odamesh_units_silent_total", "Released units that nothing was heard of, by remedy.", ["remedy"])
REBUILT = Counter("odamesh_jobs_rebuilt_total", "Jobs taken up again from their documents.")
EXPIRED = Counter("odamesh_jobs_expired_total", "Jobs deleted because they ended long ago.")
ACTIVE = Gauge("odamesh_runs_active", "Runs that are not final.")
OLDEST = Gauge("odamesh_runs_oldest_seconds", "Age of the oldest run that is not final, by lane.", ["lane"])
PARKED = Gauge("odamesh_runs_parked", "Runs that cost one dispatcher after another and are not taken on any more.")
STILL = Gauge("odamesh_runs_still", "Runs of which nothing was heard for an hour although none of their units waits.")
UNPLANNED = Gauge("odamesh_jobs_unplanned", "Jobs that were submitted some time ago and that no run serves.")
SWEPT = Gauge("odamesh_sweep_completed_seconds", "When this dispatcher last completed a sweep [s since 1970].")
SWEEP_FAILURES = Counter("odamesh_sweep_failures_total", "What a sweep could not look after, by kind.", ["kind"])


def count_end(run: Run, state: JobState, finished: str) -> None:
    """Count a run that ended, and how long it took; its trace gets a span of it.

    Args:
        run: as it was before.
        state: it ended in.
        finished: when, ISO 8601.
    """
    RUNS.labels(run.instrument, state.value).inc()
    opened = datetime.fromisoformat(run.opened)
    # A clock that was set back in between must not make a negative time.
    exemplar = tracing.exemplar(run.traceparent) if run.traceparent else None
    RUN_SECONDS.labels(run.lane.value, state.value).observe(_seconds(opened, finished), exemplar)
    if run.started is not None:
        RUN_WAIT_SECONDS.labels(run.lane.value).observe(_seconds(opened, run.started), exemplar)
    if run.traceparent:
        about = {"odamesh.run_id": run.run_id, "odamesh.state": state.value, "odamesh.product": run.product}
        tracing.record("run", _ns(opened), _ns(datetime.fromisoformat(finished)), within=run.traceparent, **about)


def _ns(when: datetime) -> int:
    return round(when.timestamp() * 1e9)


def _seconds(opened: datetime, later: str) -> float:
    return max(0.0, (datetime.fromisoformat(later) - opened).total_seconds())
