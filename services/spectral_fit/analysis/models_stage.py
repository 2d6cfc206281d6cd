"""The stage ``models``: every model that an expression may name, with its parameters, as JSON and as text to read."""

import json
from collections.abc import Iterable, Iterator
from typing import Any

from mesh.kit import Unit
from services.spectral_fit.analysis.model_library import models
from services.spectral_fit.analysis.model_table import KINDS, ModelEntry, by_kind
from services.spectral_fit.analysis.unavailable import unavailable

_KIND_WORDS = {"add": "additive: photons", "mul": "multiplicative: a factor", "con": "convolution: changes a spectrum"}


def list_models(unit: Unit) -> None:
    """Write the models of the library of this image."""
    with unit.step("list"):
        known = models()
        lacking = unavailable()
        content = {"models": [_row(entry, entry.name not in lacking) for _, entry in sorted(known.items())]}
        (unit.out / "models.json").write_text(json.dumps(content, indent=1, allow_nan=False) + "\n", encoding="utf-8")
        lines = [line for kind in KINDS for line in _text(kind, (known[name.lower()] for name in by_kind(known, kind)))]
        lines += ["", f"NOT AVAILABLE: they need tables of the XSPEC model data ({len(lacking)} models)", ""]
        lines.append(", ".join(sorted(lacking)))
        (unit.out / "models.txt").write_text("\n".join(lines) + "\n", encoding="utf-8")
    unit.summary(models=len(known), usable=len(known) - len(lacking))


def _row(entry: ModelEntry, usable: bool) -> dict[str, Any]:
    parameters = [
        {
            "name": one.name,
            "unit": one.unit,
            "value": one.value,
            "minimum": one.minimum,
            "maximum": one.maximum,
            "free": one.free,
        }
        for one in entry.parameters
    ]
    return {"name": entry.name, "kind": entry.kind, "usable": usable, "parameters": parameters}


def _text(kind: str, entries: Iterable[ModelEntry]) -> Iterator[str]:
    """Yield a heading and a line for each usable model: its parameters with the values that a fit starts from."""
    yield from ("", _KIND_WORDS[kind], "")
    lacking = unavailable()
    for entry in entries:
        if entry.name in lacking:
            continue
        words = [
            f"{one.name}={one.value:g}{f' {one.unit}' if one.unit else ''}{'' if one.free else ' frozen'}"
            for one in entry.parameters
        ]
        yield f"{entry.name:<12} {', '.join(words)}"
