"""What the gateway tells Prometheus."""

from prometheus_client import Counter, Gauge, Histogram

_BUCKETS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10)

REQUESTS = Counter("odamesh_gateway_requests_total", "Answered HTTP requests.", ["method", "route", "status"])
REQUEST_SECONDS = Histogram(
    "odamesh_gateway_request_seconds", "Time to the end of the answer.", ["method", "route"], buckets=_BUCKETS
)
REFUSALS = Counter("odamesh_gateway_refusals_total", "Refused requests by kind of problem.", ["kind"])
PUBLISH_SECONDS = Histogram("odamesh_gateway_publish_seconds", "Wait for the broker's confirm.", buckets=_BUCKETS)
STREAMS = Gauge("odamesh_gateway_streams", "Open event streams.")
