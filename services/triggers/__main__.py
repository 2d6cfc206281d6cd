"""Runs the triggers service: ``python -m services.triggers``."""

# isort: off
from mesh.service.run import run  # first: it makes the process green

# isort: on
from mesh.ports import TRIGGERS
from services.triggers.service import TriggersService

if __name__ == "__main__":
    run(TriggersService, "triggers", TRIGGERS)
