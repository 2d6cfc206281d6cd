"""Looks whether an analysis can be loaded and has its stages: ``python -m mesh.kit.stages <stage> ...``.

The last step of every image; where units run as processes of the machine, the service does it at its start.
"""

import sys
import traceback

from mesh.kit.analysis import load_analysis


def complaint(expected: list[str]) -> str | None:
    """Return why the analysis that ``ODAMESH_ANALYSIS`` names cannot run these stages; None if it can."""
    try:
        stages = load_analysis().stages
    except Exception as error:
        traceback.print_exc()
        return f"the analysis cannot be loaded: {type(error).__name__}: {error}"
    if missing := [stage for stage in expected if stage not in stages]:
        there = ", ".join(stages) or "none"
        return f"STAGES lacks {', '.join(missing)}, which instrument.toml declares; it has: {there}"
    if wrong := [stage for stage in expected if not callable(stages[stage])]:
        return f"STAGES holds no function for {', '.join(wrong)}"
    return None


if __name__ == "__main__":
    if said := complaint(sys.argv[1:]):
        sys.exit(said)
