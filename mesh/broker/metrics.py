"""What Prometheus sees of the messages of one process."""

from prometheus_client import Counter, Gauge, Histogram

DELIVERIES = Counter(
    "odamesh_deliveries_total",
    "Ends of handlers, by queue, outcome and what is done with the message.",
    ["queue", "outcome", "action"],
)
REATTACHED = Counter("odamesh_deliveries_reattached_total", "Redeliveries that joined work already begun.", ["queue"])
HANDLER_SECONDS = Histogram(
    "odamesh_handler_seconds",
    "Time in a message handler.",
    ["queue"],
    buckets=(0.001, 0.003, 0.01, 0.03, 0.1, 0.3, 1, 3, 10, 30, 100, 300, 1000),
)
IN_FLIGHT = Gauge("odamesh_in_flight", "Messages being handled.", ["queue"])
RECONNECTS = Counter("odamesh_consumer_reconnects_total", "Consumer connections lost.", ["queue"])
PUBLISHED = Counter("odamesh_published_total", "Messages confirmed by the broker.", ["exchange"])
PUBLISH_FAILED = Counter("odamesh_publish_failed_total", "Messages not confirmed.", ["exchange", "reason"])
