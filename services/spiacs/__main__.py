"""Runs the SPI-ACS service: ``python -m services.spiacs``."""

from mesh.service.run import run
from services.spiacs.service import SpiAcs

run(SpiAcs, "spiacs", 9207)
