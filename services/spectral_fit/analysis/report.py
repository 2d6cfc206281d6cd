"""The result of a fit in words and numbers: the content of ``fit.json``."""

from collections.abc import Mapping, Sequence
from typing import Any

from scipy.stats import chi2 as chi2_distribution

from services.spectral_fit.analysis.fitting import FitResult, Interval
from services.spectral_fit.analysis.model import Model
from services.spectral_fit.analysis.settings import Start
from services.spectral_fit.analysis.spectrum import Spectrum


def content(
    asked: Mapping[str, Any],
    *,
    model: Model,
    begin: Sequence[Start],
    spectra: Sequence[Spectrum],
    statistics: Sequence[str],
    result: FitResult,
) -> dict[str, Any]:
    """Return everything about a fit as JSON holds it.

    Args:
        asked: parameters of the request.
        model: of the source.
        begin: how its parameters entered the fit.
        spectra: that were fitted.
        statistics: by which the model was compared with each.
        result: of the fit.
    """
    kinds = set(statistics)
    gaussian = kinds == {"chi2"}
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
        "statistic_name": kinds.pop() if len(kinds) == 1 else "mixed",
        "statistic": result.statistic,
        "dof": result.dof,
        "reduced": result.statistic / result.dof,
        "null_probability": float(chi2_distribution.sf(result.statistic, result.dof)) if gaussian else None,
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
                "statistic": statistic,
                "bins": bins,
                "contribution": share,
                **{f"factor_{name}": value for name, value in _values(factor).items()},
                **{
                    f"correction_{name}": value
                    for name, value in (_NO_VALUES if correction is None else _values(correction)).items()
                },
            }
            for spectrum, statistic, bins, share, factor, correction in zip(
                spectra,
                statistics,
                result.bins,
                result.contributions,
                result.factors,
                result.corrections,
                strict=True,
            )
        ],
        "fluxes": [
            {
                "low_kev": flux.band_kev[0],
                "high_kev": flux.band_kev[1],
                **dict(zip(("erg_cm2_s", "erg_lower", "erg_upper"), flux.energy, strict=True)),
                **dict(zip(("photons_cm2_s", "photons_lower", "photons_upper"), flux.photons, strict=True)),
            }
            for flux in result.fluxes
        ],
        "free": list(result.free),
        "covariance": None if result.covariance is None else result.covariance.tolist(),
    }


_NO_VALUES = dict.fromkeys(("value", "error_lower", "error_upper", "lower", "upper", "stopped"))


def _values(interval: Interval) -> dict[str, float | str | None]:
    """Return value and limits; *stopped* says at which side the interval only ends because the parameter does."""
    lower, upper = interval.lower, interval.upper
    return {
        "value": interval.value,
        "error_lower": None if lower is None else interval.value - lower,
        "error_upper": None if upper is None else upper - interval.value,
        "lower": lower,
        "upper": upper,
        "stopped": {(True, True): "both", (True, False): "lower", (False, True): "upper"}.get(
            (interval.lower_stopped, interval.upper_stopped)
        ),
    }
