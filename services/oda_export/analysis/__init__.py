"""From FITS products to the JSON object that oda_api reads."""

from mesh.kit import Unit


def convert(unit: Unit) -> None:
    """Write earlier products as the protocol carries them."""
    from services.oda_export.analysis.convert_stage import convert as run  # noqa: PLC0415

    run(unit)


def warm() -> None:
    """Load what every unit needs."""
    from services.oda_export.analysis import convert_stage  # noqa: F401, PLC0415


STAGES = {"convert": convert}
