"""The mesh between its steps: real Redis, a store and a broker in memory, every process in turn."""

from tests.integration.store.corner import index, server_settings

__all__ = ["index", "server_settings"]
