"""What Prometheus sees of what is taken."""

from prometheus_client import Counter

ALERTS = Counter("odamesh_alerts_total", "Messages that came in, by messenger and outcome.", ["messenger", "outcome"])
SUBMISSIONS = Counter("odamesh_gateway_submissions_total", "Accepted submissions.", ["instrument", "product", "lane"])
