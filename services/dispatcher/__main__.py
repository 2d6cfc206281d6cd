"""Runs the dispatcher: ``python -m services.dispatcher``."""

# isort: off
from mesh.service.run import run  # first: it makes the process green

# isort: on
from mesh.ports import DISPATCHER
from services.dispatcher.service import DispatcherService

if __name__ == "__main__":
    run(DispatcherService, "dispatcher", DISPATCHER)
