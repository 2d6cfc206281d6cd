"""Failure drills on real servers: every part of the mesh is broken on purpose, and nothing may be lost or done twice.

`make chaos` runs every drill at least five times and prints what came of it; `make test` runs the quick ones once.
"""
