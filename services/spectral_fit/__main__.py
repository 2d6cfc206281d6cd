"""Runs the service of spectral fits: ``python -m services.spectral_fit``."""

from mesh.service.run import run
from services.spectral_fit.service import SpectralFit

run(SpectralFit, "spectral_fit", 9208)
