"""One pass through all code that compiles, plans or caches something at its first use."""

import tempfile
from pathlib import Path

from science.coded_mask.field import Field
from science.coded_mask.fit import Shadowgram, ShadowgramFit
from science.coded_mask.mosaic_grid import MosaicSum, grid_for
from science.coded_mask.preview import write_preview
from science.coded_mask.search import Candidates, find_sources
from science.coded_mask.sky_map import coded_map, matched_map
from science.coded_mask.tan_image import BandImage, window_wcs
from services.jemx.analysis.camera import camera
from services.jemx.analysis.detector import window
from services.jemx.analysis.image_stage import run_image
from services.jemx.analysis.instrument import instrument
from services.jemx.analysis.lc_merge_stage import run_lc_merge
from services.jemx.analysis.lc_stage import run_lc
from services.jemx.analysis.mosaic_stage import run_mosaic
from services.jemx.analysis.spectrum_stage import run_spectrum
from services.jemx.analysis.spectrum_sum_stage import run_spectrum_sum

STAGES = (run_image, run_mosaic, run_spectrum, run_spectrum_sum, run_lc, run_lc_merge)
"""What is ready after a warm-up."""


def warm_up() -> None:
    """Find one source in a noise-free field of the default band, put it on a mosaic grid and draw it."""
    lens = camera(1, 3.0, 20.0)
    attitude = instrument(1).attitude(0.0, 0.0, 0.0, 90.0)
    counts = (1.0 + 2.0 * lens.illumination(0.02, 0.01)) * window()
    data = Shadowgram(3.0, 20.0, counts, window(), 1000.0, lens)
    sky = Field([ShadowgramFit(data, lens.templates())])
    find_sources(sky, Candidates([]), 6.5)
    image = matched_map(sky.fits[0], oversampling=2)
    total = MosaicSum(grid_for([attitude], lens.grid))
    total.add(attitude, image, coded_map(lens, window()))
    with tempfile.TemporaryDirectory() as directory:
        preview = Path(directory) / "preview.png"
        drawn = BandImage("SIGNIFICANCE", 3.0, 20.0, total.intensity())
        write_preview(preview, [drawn], window_wcs(attitude, lens.grid), [("source", 0.0, 0.0)], "warm-up")
