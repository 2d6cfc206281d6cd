"""POLAR on Tiangong-2: light curves, spectra and polarisation of gamma-ray bursts."""
