"""Runs the dispatcher: ``python -m services.dispatcher``."""

# isort: off
from mesh.service.run import run  # first: it makes the process green

# isort: on
from services.dispatcher.service import DispatcherService

HEALTH_PORT = 9201

if __name__ == "__main__":
    run(DispatcherService, "dispatcher", HEALTH_PORT)
