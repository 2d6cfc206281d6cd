"""What the gateway tells Prometheus of alerts."""

from prometheus_client import Histogram

_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5)

ACK_SECONDS = Histogram("odamesh_alert_ack_seconds", "From the whole body to the answer.", buckets=_BUCKETS)
