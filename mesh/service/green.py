"""Importing this module makes the process green: blocking calls of the standard library yield to other handlers.

It must be the first import of a service process; what was imported earlier would keep its blocking sockets and locks.
"""

import logging
import warnings

with warnings.catch_warnings():
    # eventlet announces its own retirement; nameko needs it, and nothing but mesh.broker and mesh.service knows of it.
    warnings.simplefilter("ignore")
    import eventlet

eventlet.monkey_patch()

# Native threads log as well (see `mesh.service.native`), and could not wait for a green lock that a green thread holds.
logging.threading = eventlet.patcher.original("threading")  # type: ignore[attr-defined]
logging._lock = logging.threading.RLock()  # type: ignore[attr-defined]
