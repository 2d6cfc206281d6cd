"""Stage ``mosaic``: the windows of a job, of one unit or of both, to one image and one catalogue."""

from functools import partial

from coded_mask.catalogue import requested_catalogue
from coded_mask.mosaic import Mosaic
from coded_mask.mosaic_file import catalogue_hdus, mosaic_hdus, mosaic_images, mosaic_source_summary, region_text
from coded_mask.preview import write_preview
from coded_mask.window_product import WindowProduct, read_window

from jemx_analysis.camera import camera
from jemx_analysis.image_stage import mounted_catalogue, sky_file
from jemx_analysis.instrument import UNITS, both_units, instrument
from mesh.kit import BadInput, Unit
from mesh.kit.provenance import write_fits

MOSAIC_FILE, CATALOGUE_FILE, REGION_FILE = "jemx_mosaic.fits", "jemx_catalogue.fits", "jemx_catalogue.reg"


def run_mosaic(unit: Unit) -> None:
    """Combine the windows of a job; writes image, catalogue, region file and preview."""
    windows = _windows(unit)
    units = {window.instrument.structure for window in windows}
    with unit.step("mosaic"):
        mosaic = Mosaic(windows)
        if len(units) > 1:
            mosaic.instrument = both_units()
        mosaic.build()
    with unit.step("search"):
        catalogue = requested_catalogue(unit.parameters["catalogue"], mounted_catalogue(unit))
        mosaic.search(catalogue, float(unit.parameters["detection_threshold"]))
    with unit.step("catalogue"):
        sources = mosaic.finish()
        images = mosaic_images(mosaic, sources)
        write_fits(unit, MOSAIC_FILE, mosaic_hdus(mosaic, images))
        write_fits(unit, CATALOGUE_FILE, catalogue_hdus(mosaic, sources))
        regions = region_text(sources, mosaic.same_arcmin)
        (unit.out / REGION_FILE).write_text(regions, encoding="ascii", errors="replace")
        (low, high), significance = mosaic.bands[0], images[2].pixels
        write_preview(
            unit.out / "preview.png",
            significance,
            mosaic.grid.cards(),
            [(source.name, *source.position()[:2]) for source in sources],
            f"{mosaic.instrument.label} mosaic of {len(windows)} images   {low:g}-{high:g} keV   significance",
        )
    for warning in mosaic.warnings:
        unit.warn(warning)
    unit.summary(
        scws=sorted({entry.label for entry in unit.inputs("image")}),
        images=[window.label for window in mosaic.windows],
        exposure_s=round(sum(window.live_time_s for window in windows), 3),
        residual_std=[round(std, 4) for std in mosaic.residual_std],
        sources=[mosaic_source_summary(source, mosaic) for source in sources],
    )


def _windows(unit: Unit) -> list[WindowProduct]:
    """Return the images of all windows and units; what gave no image has no product and is simply not there."""
    windows = []
    for entry in unit.inputs("image"):
        files = {path.name: path for path in entry.paths}
        for number in UNITS:
            if (path := files.get(sky_file(number))) is not None:
                label = f"{entry.label} JMX{number}"
                windows.append(read_window(path, label, instrument(number), partial(camera, number), entry.label))
    if not windows:
        raise BadInput(
            "EmptyImageList", "no science window gave an image, so there is nothing to combine; ask for other windows"
        )
    if len({window.bands for window in windows}) > 1:
        raise BadInput(
            "MixedBands", "the windows were imaged in different energy bands; image all with the same bands first"
        )
    return windows
