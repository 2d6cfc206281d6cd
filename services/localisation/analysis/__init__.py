"""From sky maps and circles to credible regions and to what the instruments saw of them."""

from mesh.kit import Unit


def _region(unit: Unit) -> None:
    from services.localisation.analysis.region_stage import run_region  # noqa: PLC0415

    run_region(unit)


def _localise(unit: Unit) -> None:
    from services.localisation.analysis.localise_stage import run_localise  # noqa: PLC0415

    run_localise(unit)


def warm() -> None:
    """Load what every unit needs."""
    from services.localisation.analysis import localise_stage, region_stage  # noqa: F401, PLC0415


STAGES = {"region": _region, "localise": _localise}
