"""Imaging with a coded mask, for any camera that has one: fits, maps, search, mosaics, and the files they give.

What an instrument knows of itself — where its pixels lie, how its mask throws shadows — comes as a ``Camera``.
"""
