"""The dispatcher on real stores, with the broker and the workers replaced by doubles in the same process."""

from tests.integration.dispatcher.mesh_double import mesh
from tests.integration.store.corner import analysis, index, make_job, objects, server_settings

__all__ = ["analysis", "index", "make_job", "mesh", "objects", "server_settings"]
