"""What Prometheus sees of the transports."""

from prometheus_client import Counter, Gauge

POSTED = Counter(
    "odamesh_webhook_posts_total", "Tries to post a message, by endpoint and outcome.", ["endpoint", "outcome"]
)
WAITING = Gauge("odamesh_webhook_messages_waiting", "Messages that wait to be posted, by endpoint.", ["endpoint"])
DISABLED = Gauge("odamesh_webhook_endpoint_disabled", "1: nothing is posted to the endpoint any more.", ["endpoint"])
KAFKA_TAKEN = Counter(
    "odamesh_kafka_messages_total", "Messages read from Kafka, by stream and outcome.", ["stream", "outcome"]
)
KAFKA_HEARD = Gauge("odamesh_kafka_heard_seconds", "When a stream was heard of last [s since 1970].", ["stream"])
KAFKA_HEARTBEAT = Gauge(
    "odamesh_kafka_heartbeat_seconds", "When the last heartbeat was sent [s since 1970].", ["stream"]
)
KAFKA_ERRORS = Counter(
    "odamesh_kafka_errors_total", "Errors that librdkafka told, by stream and code.", ["stream", "code"]
)
KAFKA_SENT = Counter("odamesh_kafka_sent_total", "Messages sent to Kafka, by outcome.", ["outcome"])
