"""What Prometheus sees of the cache. Gauges, because the counts live in Redis and outlive the process."""

from prometheus_client import Gauge

_STAGE = ["instrument", "stage"]

HITS = Gauge("odamesh_cache_hits", "Units whose product was there already.", _STAGE)
MADE = Gauge("odamesh_cache_made", "Units whose product had to be made.", _STAGE)
PRODUCTS = Gauge("odamesh_cache_products", "Products in the index.", _STAGE)
BYTES = Gauge("odamesh_cache_bytes", "Size of the products in the index.", _STAGE)
EVICTED = Gauge("odamesh_cache_evicted", "Products that were removed.", _STAGE)
PINNED = Gauge("odamesh_cache_pinned", "Products that are never removed.")
OVER_LIMIT = Gauge("odamesh_cache_over_limit_bytes", "What cannot be removed although the store holds too much.")
COMPLETE = Gauge("odamesh_cache_index_complete", "Whether the index knows every committed product (1) or not (0).")
