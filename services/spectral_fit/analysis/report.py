"""The result of a fit in words and numbers: the content of ``fit.json``."""

from collections.abc import Mapping, Sequence
from typing import Any

from scipy.stats import chi2 as chi2_distribution

from services.spectral_fit.analysis.fitting import FitResult, Interval
from services.spectral_fit.analysis.flux import Flux
from services.spectral_fit.analysis.model import Model
from services.spectral_fit.analysis.settings import Start
from services.spectral_fit.analysis.spectrum import Spectrum


def content(
    asked: Mapping[str, Any],
    *,
    model: Model,
    begin: Sequence[Start],
    spectra: Sequence[Spectrum],
    result: FitResult,
    found: Sequence[Flux],
) -> dict[str, Any]:
    """Return everything about a fit as JSON holds it.

    Args:
        asked: parameters of the request.
        model: of the source.
        begin: how its parameters entered the fit.
        spectra: that were fitted.
        result: of the fit.
        found: fluxes of the model.
    """
    chi2 = asked["statistic"] == "chi2"
    parameters = [
        {
            "name": place.name,
            "component": place.component.label,
            "parameter": place.parameter.name,
            **_values(interval),
            "unit": place.parameter.unit,
            "minimum": start.minimum,
            "maximum": start.maximum,
            "free": start.free,
            "tie": start.tie,
        }
        for place, start, interval in zip(model.places, begin, result.parameters, strict=True)
    ]
    return {
        "model": asked["model"],
        "statistic_name": asked["statistic"],
        "statistic": result.statistic,
        "dof": result.dof,
        "reduced": result.statistic / result.dof,
        "null_probability": float(chi2_distribution.sf(result.statistic, result.dof)) if chi2 else None,
        "confidence": asked["confidence"],
        "abundances": asked["abundances"],
        "cross_sections": asked["cross_sections"],
        "parameters": parameters,
        "spectra": [
            {
                "source": spectrum.source,
                "instrument": spectrum.instrument,
                "file": spectrum.file,
                "exposure_s": spectrum.counts.exposure_s,
                "bins": bins,
                "contribution": share,
                **{f"factor_{name}": value for name, value in _values(factor).items()},
            }
            for spectrum, bins, share, factor in zip(
                spectra, result.bins, result.contributions, result.factors, strict=True
            )
        ],
        "fluxes": [
            {
                "low_kev": flux.band_kev[0],
                "high_kev": flux.band_kev[1],
                **dict(zip(("erg_cm2_s", "erg_lower", "erg_upper"), flux.energy, strict=True)),
                **dict(zip(("photons_cm2_s", "photons_lower", "photons_upper"), flux.photons, strict=True)),
            }
            for flux in found
        ],
        "free": list(result.free),
        "covariance": None if result.covariance is None else result.covariance.tolist(),
    }


def _values(interval: Interval) -> dict[str, float | None]:
    lower, upper = interval.lower, interval.upper
    return {
        "value": interval.value,
        "error_lower": None if lower is None else interval.value - lower,
        "error_upper": None if upper is None else upper - interval.value,
        "lower": lower,
        "upper": upper,
    }
