"""Runs the cache: ``python -m services.cache``."""

# isort: off
from mesh.service.run import run  # first: it makes the process green

# isort: on
from mesh.ports import CACHE
from services.cache.service import CacheService

if __name__ == "__main__":
    run(CacheService, "cache", CACHE)
