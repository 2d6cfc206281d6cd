"""Tries to leave the sandbox in every way that a hostile analysis would, and reports what became of each attempt."""

import json
from pathlib import Path

from mesh.kit import Unit
from mesh.testing.noop.analysis.attempts import ATTEMPTS
from mesh.testing.noop.analysis.remains import found, leave

REPORT = "escape.json"


def escape(unit: Unit) -> None:
    """Write ``escape.json``: attempt -> ``refused: why``, or ``allowed``; and what earlier units left to be found."""
    report: dict[str, object] = {"found": found(unit)}
    report["attempts"] = {name: _outcome(name) for name in ATTEMPTS}
    report["process"] = _process_status()
    leave()
    (unit.out / REPORT).write_text(json.dumps(report, sort_keys=True, indent=1), encoding="utf-8")


def _outcome(name: str) -> str:
    try:
        told = ATTEMPTS[name]()
    except (OSError, MemoryError, ValueError) as error:
        return f"refused: {type(error).__name__}: {error}"
    return f"allowed: {told}" if told else "allowed"


def _process_status() -> dict[str, str]:
    lines = Path("/proc/self/status").read_text(encoding="ascii").splitlines()
    status = dict(line.split(":", 1) for line in lines)
    wanted = ("Uid", "CapInh", "CapPrm", "CapEff", "CapBnd", "CapAmb", "NoNewPrivs", "Seccomp", "Seccomp_filters")
    return {name: status[name].strip() for name in wanted if name in status}
