"""What Prometheus sees of the cache. Gauges, because the counts live in Redis and outlive the process."""

from prometheus_client import Gauge

HITS = Gauge("odamesh_cache_hits", "Units whose product was there already.", ["instrument", "stage"])
MADE = Gauge("odamesh_cache_made", "Units whose product had to be made.", ["instrument", "stage"])
PRODUCTS = Gauge("odamesh_products", "Products found when the index was last completed.")
