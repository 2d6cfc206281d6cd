"""Importing this module makes the process green: blocking calls of the standard library yield to other handlers.

It must be the first import of a service process; what was imported earlier would keep its blocking sockets and locks.
"""

import warnings

with warnings.catch_warnings():
    # eventlet announces its own retirement; nameko needs it, and nothing but mesh.broker and mesh.service knows of it.
    warnings.simplefilter("ignore")
    import eventlet

eventlet.monkey_patch()
