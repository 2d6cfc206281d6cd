"""What Prometheus sees of what is taken."""

from prometheus_client import Counter

SUBMISSIONS = Counter("odamesh_gateway_submissions_total", "Accepted submissions.", ["instrument", "product", "lane"])
