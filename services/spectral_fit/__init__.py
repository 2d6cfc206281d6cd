"""Spectral fits as an instrument of the mesh."""
