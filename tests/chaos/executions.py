"""How often, and by which processes, units were really executed: as the services' own logs tell."""

import json
from collections import Counter
from collections.abc import Collection, Iterator
from typing import Any

from mesh.broker.settle import Outcome
from tests.chaos.ground import Ground

_SHARE = 0.8
"""A handler that took this share of a unit's own time has executed it, not found its product."""


def executed(ground: Ground, keys: Collection[str], seconds: float) -> Counter[str]:
    """Return how often each of these units was executed to its good end, by all processes of the drill instrument.

    Args:
        ground: whose logs.
        keys: of the units.
        seconds: that each of them takes.
    """
    return Counter(
        line["unit_key"]
        for line in _ends(ground)
        if line["unit_key"] in keys and line["outcome"] == Outcome.DONE and line["seconds"] >= _SHARE * seconds
    )


def workers(ground: Ground, keys: Collection[str]) -> set[str]:
    """Return the processes that had to do with these units."""
    return {line["instance"] for line in _ends(ground) if line["unit_key"] in keys}


def _ends(ground: Ground) -> Iterator[dict[str, Any]]:
    for path in sorted(ground.layout.log.glob("noop*.log*")):
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            if '"unit ended"' in line:
                yield json.loads(line)
