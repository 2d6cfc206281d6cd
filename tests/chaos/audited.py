"""The audit of everything after each round of drills: what they left must agree, whichever of them left it."""

import time

from mesh.audit import audit
from mesh.audit.finding import Kind
from mesh.store.objects import Objects
from tests.chaos.drill import Drill, Trial
from tests.chaos.ground import Ground

_PATIENCE_S = 60.0
"""All jobs have ended: what is under way for longer is stuck."""


def everything_agrees(ground: Ground) -> Trial:
    """Compare all requests, jobs, runs, products and records of the mesh."""
    begin = time.monotonic()
    index = ground.index()
    report = audit(Objects(ground.connections.store), index, patience=_PATIENCE_S)
    index.close()
    lost = sum(report.counts[kind] for kind in (Kind.LOST, Kind.STUCK))
    told = "; ".join(f"{found.kind.value}: {found.about}: {found.text}" for found in report.findings[:5])
    found = sum(report.counts.values())
    return Trial(
        (), time.monotonic() - begin, lost=lost, doubled=report.counts[Kind.DOUBLED], wrong=told if found else ""
    )


AUDIT = Drill("audit after each round", everything_agrees)
