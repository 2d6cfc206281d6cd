"""A private corner of the real Redis and MinIO for each test: a database and a bucket of its own."""

from tests.integration.store.corner import analysis, index, make_job, objects, server_settings

__all__ = ["analysis", "index", "make_job", "objects", "server_settings"]
