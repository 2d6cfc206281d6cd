"""Runs the ISGRI service: ``python -m services.isgri``."""

from mesh.service.run import run
from services.isgri.service import Isgri

run(Isgri, "isgri", 9202)
