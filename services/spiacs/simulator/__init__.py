"""Simulated archives of SPI-ACS counts with known bursts.

It shares no code with the analysis that it tests.
"""
