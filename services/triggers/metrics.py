"""What Prometheus sees of the triggers service."""

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS = (0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300, 1800)

RECEIPTS = Counter("odamesh_alert_receipts_total", "Notices that were taken up, by how.", ["how"])
RECORDS = Counter("odamesh_alert_records_total", "Versions of records.")
STAGE_SECONDS = Histogram(
    "odamesh_alert_stage_seconds",
    "From the receipt of a notice to a stage: taken-up, first-record, complete (its analyses have ended).",
    ["stage"],
    buckets=_BUCKETS,
)
PUBLISH_LAG_SECONDS = Histogram(
    "odamesh_alert_publish_lag_seconds",
    "From the making of a record to the broker's confirm; without those that waited for a person.",
    buckets=_BUCKETS,
)
UNPROCESSED = Gauge("odamesh_alert_unprocessed_seconds", "Age of the oldest notice at hand that has no record yet.")
LATE = Counter("odamesh_alert_late_total", "Notices that came after a newer one of their event.")
PUBLISHED = Counter("odamesh_alert_published_total", "Messages published, by kind.", ["kind"])
JOBS = Counter("odamesh_alert_jobs_total", "Analyses asked for, by instrument.", ["instrument"])
CANCELLED = Counter("odamesh_alert_jobs_cancelled_total", "Analyses that were no longer wanted.")
WAITING = Gauge("odamesh_alert_events_waiting", "Events of which something is not done yet.")
FAILED = Counter("odamesh_alert_looks_failed_total", "Looks at an event that did not get to their end.")
RETRACTIONS = Counter("odamesh_alert_retractions_total", "Notices by which a sender took an event back.")
