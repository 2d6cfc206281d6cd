"""What Prometheus sees of the dispatcher."""

from prometheus_client import Counter, Gauge

RUNS = Counter("odamesh_runs_total", "Runs that ended, by instrument and state.", ["instrument", "state"])
RELEASED = Counter("odamesh_units_released_total", "Units given to the broker.", ["instrument", "lane"])
SILENT = Counter("odamesh_units_silent_total", "Released units that nothing was heard of, by remedy.", ["remedy"])
REBUILT = Counter("odamesh_jobs_rebuilt_total", "Jobs taken up again from their documents.")
EXPIRED = Counter("odamesh_jobs_expired_total", "Jobs deleted because they ended long ago.")
ACTIVE = Gauge("odamesh_runs_active", "Runs that are not final.")
PARKED = Gauge("odamesh_runs_parked", "Runs that cost one dispatcher after another and are not taken on any more.")
STILL = Gauge("odamesh_runs_still", "Runs of which nothing was heard for an hour although none of their units waits.")
UNPLANNED = Gauge("odamesh_jobs_unplanned", "Jobs that were submitted some time ago and that no run serves.")
SWEPT = Gauge("odamesh_sweep_completed_seconds", "When this dispatcher last completed a sweep [s since 1970].")
SWEEP_FAILURES = Counter("odamesh_sweep_failures_total", "What a sweep could not look after, by kind.", ["kind"])
