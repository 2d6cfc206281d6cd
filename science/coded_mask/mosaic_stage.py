"""Stage ``mosaic`` of a coded-mask imager: windows in; image, catalogue, region file, preview and summary out."""

from collections.abc import Sequence

from astropy.io import fits

from mesh.kit import BadInput, Unit
from mesh.kit.provenance import write_fits
from science.coded_mask.catalogue import known_sources
from science.coded_mask.extraction import absent_sources
from science.coded_mask.mosaic import Mosaic
from science.coded_mask.mosaic_file import (
    catalogue_hdus,
    mosaic_hdus,
    mosaic_images,
    mosaic_source_summary,
    region_text,
)
from science.coded_mask.preview import write_preview
from science.coded_mask.window_product import WindowProduct


def catalogue_file(instrument: str) -> str:
    """Name of the catalogue that the stage writes."""
    return f"{instrument}_catalogue.fits"


def combinable(windows: Sequence[WindowProduct]) -> Sequence[WindowProduct]:
    """Return the windows of a mosaic as they are.

    Raises:
        BadInput: EmptyImageList without a window, MixedBands when they were imaged in different bands.
    """
    if not windows:
        raise BadInput(
            "EmptyImageList", "no science window gave an image, so there is nothing to combine; ask for other windows"
        )
    if len({window.bands for window in windows}) > 1:
        raise BadInput(
            "MixedBands", "the windows were imaged in different energy bands; image all with the same bands first"
        )
    return windows


def make_mosaic(
    unit: Unit, mosaic: Mosaic, instrument: str, title: str, tables: Sequence[fits.BinTableHDU] = ()
) -> None:
    """Combine windows; writes ``<instrument>_mosaic.fits``, ``_catalogue.fits``, ``_catalogue.reg`` and a preview.

    Args:
        unit: takes products, warnings and summary.
        mosaic: of the windows, not built yet.
        instrument: how the names of the files begin.
        title: of the preview.
        tables: of the instrument's own, put behind the catalogue.
    """
    with unit.step("mosaic"):
        mosaic.build()
    with unit.step("search"):
        mosaic.search(known_sources(unit, mosaic.instrument), float(unit.parameters["detection_threshold"]))
    with unit.step("catalogue"):
        sources = mosaic.finish()
        images = mosaic_images(mosaic, sources)
        write_fits(unit, f"{instrument}_mosaic.fits", mosaic_hdus(mosaic, images))
        write_fits(unit, catalogue_file(instrument), fits.HDUList([*catalogue_hdus(mosaic, sources), *tables]))
        regions = region_text(sources, mosaic.same_arcmin)
        (unit.out / f"{instrument}_catalogue.reg").write_text(regions, encoding="ascii", errors="replace")
        write_preview(
            unit.out / "preview.png",
            images,
            mosaic.grid.cards(),
            [(source.name, *source.position()[:2]) for source in sources],
            unit.title(title),
        )
    shown = [source.name for source in sources if source.fluxes]
    for warning in (*mosaic.warnings, *absent_sources(unit.parameters["catalogue"], shown)):
        unit.warn(warning)
    unit.summary(
        exposure_s=round(sum(window.live_time_s for window in mosaic.windows), 3),
        residual_std=[round(std, 4) for std in mosaic.residual_std],
        error_scale=[round(max(total.width, 1.0), 4) for total in mosaic.sums],
        sources=[mosaic_source_summary(source, mosaic) for source in sources],
    )
