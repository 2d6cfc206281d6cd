"""Measures the mesh: `python -m tests.bench` prints one JSON object and keeps it in bench-output/bench.json.

Every speed is set beside a floor of the same run (a bare `docker run` of the same image), because the machine's own
speed drifts. Nothing here passes or fails.
"""
