"""Analysis of transients in count rates: search, background, duration, blocks, places from arrival times.

Shared by the instruments without images. Import the module that is needed; they load the science libraries.
"""
