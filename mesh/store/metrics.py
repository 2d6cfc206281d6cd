"""What Prometheus sees of the object store, as a process of the mesh meets it."""

from prometheus_client import Counter, Histogram

STORE_SECONDS = Histogram(
    "odamesh_store_seconds",
    "Time of one use of the object store; without those whose caller reads block by block.",
    ["verb"],
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 60),
)
STORE_FAILURES = Counter(
    "odamesh_store_failures_total", "Uses for which the store did not answer, or refused the account.", ["verb"]
)
