"""Runs the JEM-X service: ``python -m services.jemx``."""

from mesh.service.run import run
from services.jemx.service import Jemx

run(Jemx, "jemx", 9205)
