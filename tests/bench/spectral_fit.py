"""Speed of fits in a warm container: one source, 60 channels, errors, fluxes and plot."""

import tempfile
from pathlib import Path

import numpy as np

from tests.fit_container import fit_container
from tests.known_spectra import INSTRUMENTS, cut_power_law, write_spectrum

_TRIALS = 5


def fits_warm_s() -> dict[str, float]:
    """Return the least seconds from handing the unit over to its end, for an absorbed power law and for a cut-off one.

    XSPEC computes ``cutoffpl`` by an integral for each energy; its cut-off of 60 keV lies within the range.
    """
    with tempfile.TemporaryDirectory() as folder, fit_container(Path(folder) / "work") as container:
        found = {}
        for name, index, fold, asked in (
            ("fit_warm_s", 2.1, 1e9, {"model": "wabs*powerlaw", "settings": "nH = 1 frozen"}),
            ("fit_cutoffpl_warm_s", 1.6, 60.0, {"model": "cutoffpl"}),
        ):
            photons = cut_power_law(INSTRUMENTS["ISGRI"][3], index, fold, 8.0)
            files = write_spectrum(Path(folder) / name, "ISGRI", photons, np.random.default_rng(1))
            fits = [container.fit(files, **asked) for _ in range(_TRIALS)]
            found[name] = round(min(fit.outcome.seconds for fit in fits), 3)
    return found
