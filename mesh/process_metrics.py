"""What every process tells Prometheus, whatever it does."""

import time

from prometheus_client import CONTENT_TYPE_LATEST, Gauge, generate_latest

MEDIA_TYPE = CONTENT_TYPE_LATEST
_CLOCK = Gauge("odamesh_clock_seconds", "The time that this process believes it is [s since 1970].")
"""Compared with the time at which Prometheus asked: leases and expiries go wrong where clocks differ."""
_CLOCK.set_function(time.time)


def page() -> bytes:
    """Return all figures of this process, as Prometheus reads them."""
    return generate_latest()
