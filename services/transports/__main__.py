"""Runs the transports of alerts: ``python -m services.transports``."""

# isort: off
from mesh.service.run import run  # first: it makes the process green

# isort: on
from mesh.ports import TRANSPORTS
from services.transports.service import TransportsService

if __name__ == "__main__":
    run(TransportsService, "transports", TRANSPORTS)
