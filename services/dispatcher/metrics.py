"""What Prometheus sees of the dispatcher."""

from prometheus_client import Counter, Gauge

RUNS = Counter("odamesh_runs_total", "Runs that ended, by instrument and state.", ["instrument", "state"])
RELEASED = Counter("odamesh_units_released_total", "Units given to the broker.", ["instrument", "lane"])
SILENT = Counter("odamesh_units_silent_total", "Released units that nothing was heard of, by remedy.", ["remedy"])
REBUILT = Counter("odamesh_jobs_rebuilt_total", "Jobs taken up again from their documents.")
EXPIRED = Counter("odamesh_jobs_expired_total", "Jobs deleted because they ended long ago.")
ACTIVE = Gauge("odamesh_runs_active", "Runs that are not final.")
