"""Which models of the library cannot be computed in this image; found by trying each of them.

The package of the library holds its functions, not the tables of atomic lines and of precomputed spectra that some of
them read. Such a model ends the process or gives nothing, so each is tried in a process of its own. Where an operator
gives tables, those models of the list that then work can be used.

    python -m services.spectral_fit.analysis.unavailable <file>      writes the list for another version of the library
"""

import json
import os
import sys
from functools import cache
from pathlib import Path

import numpy as np

from mesh.kit import BadInput
from services.spectral_fit.analysis.model import Model
from services.spectral_fit.analysis.model_library import evaluate, models, tables_given
from services.spectral_fit.analysis.model_table import ModelEntry

LIST = Path(__file__).with_name("data") / "unavailable_models.json"
_EDGES = np.geomspace(0.2, 300.0, 200)
_PATIENCE_S = 20


def refuse_unavailable(model: Model) -> None:
    """Refuse a model that needs data which this image does not hold.

    Raises:
        BadInput: reason ``NoModelData``.
    """
    listed = {one.entry.name: one.entry for one in model.components if one.entry.name in _listed()}
    lacking = sorted(name for name, entry in listed.items() if not (tables_given() and _works(entry)))
    if lacking:
        text = (
            f"{', '.join(lacking)} needs tables of the XSPEC model data (atomic lines, precomputed spectra) that "
            "this mesh does not hold (its operator can add them: docs/operate.md): choose an analytical model, e.g. "
            "powerlaw, cutoffpl, comptt, bbody, gaussian; product spectral_fit_models lists all that can be used"
        )
        raise BadInput("NoModelData", text)


@cache
def unavailable() -> frozenset[str]:
    """Return the names of the models that cannot be computed here."""
    if not tables_given():
        return _listed()
    return frozenset(name for name in _listed() if not _works(models()[name.lower()]))


@cache
def _listed() -> frozenset[str]:
    """Return the names of the models that cannot be computed without tables."""
    return frozenset(json.loads(LIST.read_text(encoding="utf-8")))


def find() -> list[str]:
    """Return the names of the models that do not give finite numbers at their own starting values."""
    return sorted(entry.name for entry in models().values() if not _works(entry))


def _works(entry: ModelEntry) -> bool:
    child = os.fork()
    if child == 0:
        os._exit(_try(entry))
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 0


def _try(entry: ModelEntry) -> int:
    """Return 0 where the model gives finite values, above 0 somewhere; runs in a process of its own."""
    import signal  # noqa: PLC0415

    signal.alarm(_PATIENCE_S)
    silent = os.open(os.devnull, os.O_WRONLY)
    os.dup2(silent, 1)
    os.dup2(silent, 2)
    before = np.full(_EDGES.size - 1, 1e-3) if entry.kind == "con" else None
    values = evaluate(entry, _EDGES, np.array([parameter.value for parameter in entry.parameters]), before)
    return 0 if np.all(np.isfinite(values)) and np.any(values != 0.0) else 1


if __name__ == "__main__":
    Path(sys.argv[1]).write_text(json.dumps(find()) + "\n", encoding="utf-8")
