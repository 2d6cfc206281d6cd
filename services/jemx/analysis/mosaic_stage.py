"""Stage ``mosaic``: the windows of a job, of one unit or of both, to one image and one catalogue."""

from functools import partial

from mesh.kit import Unit
from science.coded_mask.mosaic import Mosaic
from science.coded_mask.mosaic_stage import catalogue_file, combinable, make_mosaic
from science.coded_mask.window_product import WindowProduct, read_window
from services.jemx.analysis.camera import camera
from services.jemx.analysis.image_stage import sky_file
from services.jemx.analysis.instrument import UNITS, both_units, instrument

CATALOGUE_FILE = catalogue_file("jemx")


def run_mosaic(unit: Unit) -> None:
    """Combine the windows of a job; writes image, catalogue, region file and preview."""
    windows = combinable(_windows(unit))
    mosaic = Mosaic(windows)
    if len({window.instrument.structure for window in windows}) > 1:
        mosaic.instrument = both_units()
    make_mosaic(unit, mosaic, "jemx", f"{mosaic.instrument.label} mosaic of {len(windows)} images")
    unit.summary(
        scws=sorted({entry.label for entry in unit.inputs("image")}),
        images=[window.label for window in mosaic.windows],
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
    return windows
