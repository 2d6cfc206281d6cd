"""Fits of models to spectra, with Sherpa and the XSPEC model library (both under the GPL, in this image only)."""

from mesh.kit import Unit

# Both libraries are imported where they are needed first: what does without them is used outside of the image too.


def fit(unit: Unit) -> None:
    """Fit the model that the request names to its spectra."""
    from services.spectral_fit.analysis.model_library import models  # noqa: PLC0415

    # Before Sherpa: the C++ runtime of this library is the newer one, and the first that is loaded serves both.
    models()
    from services.spectral_fit.analysis.fit_stage import fit as run  # noqa: PLC0415

    run(unit)


def list_models(unit: Unit) -> None:
    """List the models that an expression may name."""
    from services.spectral_fit.analysis.models_stage import list_models as run  # noqa: PLC0415

    run(unit)


def warm() -> None:
    """Load everything and compute once what is computed once."""
    from services.spectral_fit.analysis.warm_up import warm_up  # noqa: PLC0415

    warm_up()


STAGES = {"fit": fit, "models": list_models}
