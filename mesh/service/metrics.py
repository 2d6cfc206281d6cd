"""What Prometheus sees of the units of one instrument process."""

from prometheus_client import Counter, Gauge, Histogram

UNITS_RUNNING = Gauge("odamesh_units_running", "Units that hold a slot.", ["instrument", "lane"])
UNITS_WAITING = Gauge("odamesh_units_waiting", "Units delivered that wait for a slot.", ["instrument", "lane"])
RUNNER = Gauge(
    "odamesh_runner", "What runs the units of this process: 1 for the runner in use.", ["instrument", "runner"]
)
LEASES_LOST = Counter(
    "odamesh_leases_lost_total", "Units that another worker took over while they ran.", ["instrument"]
)
UNIT_SECONDS = Histogram(
    "odamesh_unit_seconds",
    "Time from slot to end of a unit.",
    ["instrument", "stage", "outcome"],
    buckets=(0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000, 3000),
)
