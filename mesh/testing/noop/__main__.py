"""Runs the drill instrument: ``python -m mesh.testing.noop``."""

from mesh.service.run import run
from mesh.testing.noop.service import Noop

run(Noop, "noop", 9204)
