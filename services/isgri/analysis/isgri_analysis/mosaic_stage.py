"""Stage ``mosaic``: the windows of a job to one image and one catalogue."""

from isgri_analysis.catalogue import requested_catalogue
from isgri_analysis.image_stage import mounted_catalogue
from isgri_analysis.mosaic import Mosaic
from isgri_analysis.mosaic_file import (
    CATALOGUE_FILE,
    MOSAIC_FILE,
    REGION_FILE,
    catalogue_hdus,
    mosaic_hdus,
    mosaic_images,
    mosaic_source_summary,
    region_text,
)
from isgri_analysis.preview import write_preview
from isgri_analysis.sky_file import SKY_FILE
from isgri_analysis.window_product import WindowProduct, read_window
from mesh.kit import BadInput, Unit
from mesh.kit.provenance import write_fits


def run_mosaic(unit: Unit) -> None:
    """Combine the windows of a job; writes image, catalogue, region file and preview."""
    windows = _windows(unit)
    with unit.step("mosaic"):
        mosaic = Mosaic(windows)
        mosaic.build()
    with unit.step("search"):
        catalogue = requested_catalogue(unit.parameters["catalogue"], mounted_catalogue(unit))
        mosaic.search(catalogue, float(unit.parameters["detection_threshold"]))
    with unit.step("catalogue"):
        sources = mosaic.finish()
        images = mosaic_images(mosaic, sources)
        write_fits(unit, MOSAIC_FILE, mosaic_hdus(mosaic, images))
        write_fits(unit, CATALOGUE_FILE, catalogue_hdus(mosaic, sources))
        (unit.out / REGION_FILE).write_text(region_text(sources), encoding="ascii", errors="replace")
        (low, high), significance = mosaic.bands[0], images[2].pixels
        write_preview(
            unit.out / "preview.png",
            significance,
            mosaic.grid.cards(),
            [(source.name, *source.position()[:2]) for source in sources],
            f"ISGRI mosaic of {len(windows)} windows   {low:g}-{high:g} keV   significance",
        )
    for warning in mosaic.warnings:
        unit.warn(warning)
    unit.summary(
        scws=[window.label for window in mosaic.windows],
        exposure_s=round(sum(window.live_time_s for window in windows), 3),
        residual_std=[round(std, 4) for std in mosaic.residual_std],
        sources=[mosaic_source_summary(source, mosaic.bands) for source in sources],
    )


def _windows(unit: Unit) -> list[WindowProduct]:
    """Return the windows' products; windows without ISGRI data have none and are simply not there."""
    windows = [read_window(entry.path(SKY_FILE), entry.label) for entry in unit.inputs("image")]
    if not windows:
        raise BadInput(
            "EmptyImageList", "no science window gave an image, so there is nothing to combine; ask for other windows"
        )
    bands = {window.bands for window in windows}
    if len(bands) > 1:
        raise BadInput(
            "MixedBands", "the windows were imaged in different energy bands; image all with the same bands first"
        )
    return windows
