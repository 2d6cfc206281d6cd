"""Runs the POLAR service: ``python -m services.polar``."""

from mesh.service.run import run
from services.polar.service import Polar

run(Polar, "polar", 9206)
