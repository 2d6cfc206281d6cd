"""Analysis of INTEGRAL IBIS/ISGRI science windows: images, sources, bursts, mosaics, spectra, light curves.

The science libraries are imported when a stage first runs or when ``warm`` is called.
"""

from collections.abc import Callable
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from mesh.kit import Unit


def _image(unit: "Unit") -> None:
    from services.isgri.analysis.image_stage import run_image  # noqa: PLC0415

    run_image(unit)


def _mosaic(unit: "Unit") -> None:
    from services.isgri.analysis.mosaic_stage import run_mosaic  # noqa: PLC0415

    run_mosaic(unit)


def _spectrum(unit: "Unit") -> None:
    from services.isgri.analysis.spectrum_stage import run_spectrum  # noqa: PLC0415

    run_spectrum(unit)


def _spectrum_sum(unit: "Unit") -> None:
    from services.isgri.analysis.spectrum_sum_stage import run_spectrum_sum  # noqa: PLC0415

    run_spectrum_sum(unit)


def _pixel_background(unit: "Unit") -> None:
    from services.isgri.analysis.background_stage import run_pixel_background  # noqa: PLC0415

    run_pixel_background(unit)


def _background_map(unit: "Unit") -> None:
    from services.isgri.analysis.background_stage import run_background_map  # noqa: PLC0415

    run_background_map(unit)


def _epoch_background(unit: "Unit") -> None:
    from services.isgri.analysis.background_stage import run_epoch_background  # noqa: PLC0415

    run_epoch_background(unit)


def _epoch_map(unit: "Unit") -> None:
    from services.isgri.analysis.background_stage import run_epoch_map  # noqa: PLC0415

    run_epoch_map(unit)


def _lc(unit: "Unit") -> None:
    from services.isgri.analysis.lc_stage import run_lc  # noqa: PLC0415

    run_lc(unit)


def _lc_merge(unit: "Unit") -> None:
    from services.isgri.analysis.lc_merge_stage import run_lc_merge  # noqa: PLC0415

    run_lc_merge(unit)


def _weights(unit: "Unit") -> None:
    from services.isgri.analysis.weights_stage import run_weights  # noqa: PLC0415

    run_weights(unit)


def warm() -> None:
    """Load all libraries, compile all loops and fill all caches, so that the first unit runs at full speed."""
    from services.isgri.analysis.warm_up import warm_up  # noqa: PLC0415

    warm_up()


STAGES: dict[str, Callable[["Unit"], None]] = {
    "image": _image,
    "mosaic": _mosaic,
    "spectrum": _spectrum,
    "spectrum_sum": _spectrum_sum,
    "epoch_background": _epoch_background,
    "epoch_map": _epoch_map,
    "pixel_background": _pixel_background,
    "background_map": _background_map,
    "lc": _lc,
    "lc_merge": _lc_merge,
    "weights": _weights,
}
