"""On which loopback port each process of the mesh answers /livez, /readyz and /metrics.

An instrument declares its own in ``[service] port``. One that declares none, or one that another has already, gets
the next that is free.
"""

from collections.abc import Mapping
from itertools import count

from mesh.instruments import instrument_folders, instruments

GATEWAY = 8080
DISPATCHER = 9201
CACHE = 9203
TRIGGERS = 9204
TRANSPORTS = 9205
FIRST_FREE = 9210


def ports() -> Mapping[str, int]:
    """Return the ports by process; the gateway is last, because it is ready only when it can accept requests."""
    known = instruments()
    declared: dict[str, int] = {
        "dispatcher": DISPATCHER,
        "cache": CACHE,
        "triggers": TRIGGERS,
        "transports": TRANSPORTS,
    }
    without = []
    for name in instrument_folders():
        port = known[name].service.port if name in known else None
        if port is None or port in (*declared.values(), GATEWAY):
            without.append(name)
        else:
            declared[name] = port
    free = (port for port in count(FIRST_FREE) if port not in declared.values())
    given = dict(zip(without, free, strict=False))
    own = ("dispatcher", "cache", "triggers", "transports", *instrument_folders())
    return {name: (declared | given)[name] for name in own} | {"gateway": GATEWAY}


def next_free() -> int:
    """Return a port for a new instrument: the first that no process has."""
    return next(port for port in count(FIRST_FREE) if port not in ports().values())
