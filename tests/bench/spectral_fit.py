"""Speed of a fit in a warm container: one source, 60 channels, absorbed power law, errors, fluxes and plot."""

import tempfile
from pathlib import Path

import numpy as np

from tests.fit_container import fit_container
from tests.known_spectra import INSTRUMENTS, cut_power_law, write_spectrum

_TRIALS = 5


def fit_warm_s() -> float:
    """Return the least seconds from handing the unit over to its end."""
    with tempfile.TemporaryDirectory() as folder, fit_container(Path(folder) / "work") as container:
        photons = cut_power_law(INSTRUMENTS["ISGRI"][3], 2.1, 1e9, 8.0)
        files = write_spectrum(Path(folder) / "data", "ISGRI", photons, np.random.default_rng(1))
        fits = [container.fit(files, model="wabs*powerlaw", settings="nH = 1 frozen") for _ in range(_TRIALS)]
    return min(fit.outcome.seconds for fit in fits)
