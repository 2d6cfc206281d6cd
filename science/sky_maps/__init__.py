"""Probability on the sky: maps of several resolutions, credible regions, and what timing adds to them.

Shared by the analyses that follow up transients. Import the module that is needed; they load the science libraries.
"""
