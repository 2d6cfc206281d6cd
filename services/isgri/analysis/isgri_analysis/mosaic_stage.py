"""Stage ``mosaic``: the windows of a job to one image and one catalogue."""

from coded_mask.catalogue import requested_catalogue
from coded_mask.mosaic import Mosaic
from coded_mask.mosaic_file import (
    catalogue_hdus,
    mosaic_hdus,
    mosaic_images,
    mosaic_source_summary,
    region_text,
)
from coded_mask.preview import write_preview
from coded_mask.window_product import WindowProduct, read_window

from isgri_analysis.burst_table import joined_bursts
from isgri_analysis.camera import isgri_camera
from isgri_analysis.image_stage import SKY_FILE, mounted_catalogue
from isgri_analysis.instrument import INSTRUMENT
from mesh.kit import BadInput, Unit
from mesh.kit.provenance import write_fits

MOSAIC_FILE, CATALOGUE_FILE, REGION_FILE = "isgri_mosaic.fits", "isgri_catalogue.fits", "isgri_catalogue.reg"


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
        hdus = catalogue_hdus(mosaic, sources)
        bursts = [(window.label, window.bursts) for window in mosaic.windows if window.bursts is not None]
        if bursts:
            hdus.append(joined_bursts(bursts))
        write_fits(unit, CATALOGUE_FILE, hdus)
        (unit.out / REGION_FILE).write_text(
            region_text(sources, mosaic.same_arcmin), encoding="ascii", errors="replace"
        )
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
        sources=[mosaic_source_summary(source, mosaic) for source in sources],
    )


def _windows(unit: Unit) -> list[WindowProduct]:
    """Return the windows' products; windows without ISGRI data have none and are simply not there."""
    windows = [
        read_window(entry.path(SKY_FILE), entry.label, INSTRUMENT, isgri_camera) for entry in unit.inputs("image")
    ]
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
