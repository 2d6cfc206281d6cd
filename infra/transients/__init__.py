"""Gravitational-wave events that the gallery can be filled with, and the simulated data that are analysed for them."""
