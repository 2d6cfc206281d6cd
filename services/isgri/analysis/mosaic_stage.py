"""Stage ``mosaic``: the windows of a job to one image and one catalogue."""

from mesh.kit import Unit
from science.coded_mask.mosaic import Mosaic
from science.coded_mask.mosaic_stage import catalogue_file, combinable, make_mosaic
from science.coded_mask.window_product import read_window
from services.isgri.analysis.burst_table import joined_bursts
from services.isgri.analysis.camera import isgri_camera
from services.isgri.analysis.image_stage import SKY_FILE
from services.isgri.analysis.instrument import INSTRUMENT

CATALOGUE_FILE = catalogue_file("isgri")


def run_mosaic(unit: Unit) -> None:
    """Combine the windows of a job; writes image, catalogue with the bursts, region file and preview.

    Windows without ISGRI data have no product and are simply not there.
    """
    windows = [
        read_window(entry.path(SKY_FILE), entry.label, INSTRUMENT, isgri_camera) for entry in unit.inputs("image")
    ]
    mosaic = Mosaic(combinable(windows))
    bursts = [(window.label, window.bursts) for window in mosaic.windows if window.bursts is not None]
    tables = [joined_bursts(bursts)] if bursts else []
    make_mosaic(unit, mosaic, "isgri", f"ISGRI mosaic of {len(windows)} windows", tables)
    unit.summary(scws=[window.label for window in mosaic.windows])
