"""What Prometheus sees of the triggers service."""

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)

RECEIPTS = Counter("odamesh_alert_receipts_total", "Notices that were taken up, by how.", ["how"])
RECORDS = Counter("odamesh_alert_records_total", "Versions of records.")
FIRST_RECORD_SECONDS = Histogram(
    "odamesh_alert_first_record_seconds",
    "From the receipt of an event's first notice to its first record.",
    buckets=_BUCKETS,
)
PUBLISHED = Counter("odamesh_alert_published_total", "Messages published, by kind.", ["kind"])
JOBS = Counter("odamesh_alert_jobs_total", "Analyses asked for, by instrument.", ["instrument"])
CANCELLED = Counter("odamesh_alert_jobs_cancelled_total", "Analyses that were no longer wanted.")
WAITING = Gauge("odamesh_alert_events_waiting", "Events of which something is not done yet.")
FAILED = Counter("odamesh_alert_looks_failed_total", "Looks at an event that did not get to their end.")
RETRACTIONS = Counter("odamesh_alert_retractions_total", "Notices by which a sender took an event back.")
