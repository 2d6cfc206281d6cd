"""Analysis of POLAR event lists: light curves, bursts, spectra, polarisation.

The science libraries are imported when a stage first runs or when ``warm`` is called.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesh.kit import Unit


def _events(unit: "Unit") -> None:
    from services.polar.analysis.events_stage import run_events  # noqa: PLC0415

    run_events(unit)


def _light_curve(unit: "Unit") -> None:
    from services.polar.analysis.light_curve_stage import run_light_curve  # noqa: PLC0415

    run_light_curve(unit)


def _burst(unit: "Unit") -> None:
    from services.polar.analysis.burst_stage import run_burst  # noqa: PLC0415

    run_burst(unit)


def warm() -> None:
    """Load all libraries and compile all loops, so that the first unit runs at full speed."""
    from services.polar.analysis.warm_up import warm_up  # noqa: PLC0415

    warm_up()


STAGES: dict[str, Callable[["Unit"], None]] = {"events": _events, "light_curve": _light_curve, "burst": _burst}
