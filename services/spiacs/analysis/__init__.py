"""Analysis of the count rates of INTEGRAL SPI-ACS: light curves, burst search, limits, timing.

The science libraries are imported when a stage first runs or when ``warm`` is called.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesh.kit import Unit


def _counts(unit: "Unit") -> None:
    from services.spiacs.analysis.counts_stage import run_counts  # noqa: PLC0415

    run_counts(unit)


def _light_curve(unit: "Unit") -> None:
    from services.spiacs.analysis.light_curve_stage import run_light_curve  # noqa: PLC0415

    run_light_curve(unit)


def _search(unit: "Unit") -> None:
    from services.spiacs.analysis.search_stage import run_search  # noqa: PLC0415

    run_search(unit)


def warm() -> None:
    """Load all libraries and compile all loops, so that the first unit runs at full speed."""
    from services.spiacs.analysis.warm_up import warm_up  # noqa: PLC0415

    warm_up()


STAGES: dict[str, Callable[["Unit"], None]] = {"counts": _counts, "light_curve": _light_curve, "search": _search}
