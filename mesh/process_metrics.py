"""What every process tells Prometheus, whatever it does."""

import time

from prometheus_client import REGISTRY, Gauge
from prometheus_client.exposition import choose_encoder

_CLOCK = Gauge("odamesh_clock_seconds", "The time that this process believes it is [s since 1970].")
"""Compared with the time at which Prometheus asked: leases and expiries go wrong where clocks differ."""
_CLOCK.set_function(time.time)


def page(accept: str = "") -> tuple[str, bytes]:
    """Return the media type and all figures of this process.

    Args:
        accept: formats that the reader knows, as its header ``Accept`` says. OpenMetrics holds the examples of traces.
    """
    encode, media_type = choose_encoder(accept)
    return media_type, encode(REGISTRY)
