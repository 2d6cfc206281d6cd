"""Loads what every fit needs, once for each container: the library's tables, and the plotting."""

import importlib
import io

import numpy as np
from matplotlib.figure import Figure

from services.spectral_fit.analysis.model_library import evaluate, models


def warm_up() -> None:
    """Compute a few models, load Sherpa after them, and draw an empty plot."""
    edges = np.geomspace(3.0, 300.0, 50)
    for name in ("powerlaw", "wabs", "tbabs", "highecut"):
        entry = models()[name]
        evaluate(entry, edges, np.array([parameter.value for parameter in entry.parameters]))
    importlib.import_module("services.spectral_fit.analysis.fit_stage")
    figure = Figure()
    figure.subplots().loglog([1.0, 2.0], [1.0, 2.0])
    figure.savefig(io.BytesIO())
