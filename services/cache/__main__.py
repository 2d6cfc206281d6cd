"""Runs the cache: ``python -m services.cache``."""

# isort: off
from mesh.service.run import run  # first: it makes the process green

# isort: on
from services.cache.service import CacheService

HEALTH_PORT = 9203

if __name__ == "__main__":
    run(CacheService, "cache", HEALTH_PORT)
