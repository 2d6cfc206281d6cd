"""Simulated POLAR events of a burst with known polarisation.

It shares no code with the analysis that it tests.
"""
