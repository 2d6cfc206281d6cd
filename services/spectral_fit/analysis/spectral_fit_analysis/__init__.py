"""Fits of models to spectra, with Sherpa and the XSPEC model library (both under the GPL, in this image only)."""

from spectral_fit_analysis.fit_stage import fit
from spectral_fit_analysis.warm_up import warm

STAGES = {"fit": fit}

__all__ = ["STAGES", "warm"]
