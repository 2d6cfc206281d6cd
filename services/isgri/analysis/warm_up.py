"""One pass through all code that compiles, plans or caches something at its first use."""

import tempfile
from pathlib import Path

import numpy as np

from science.coded_mask.extraction import Target
from science.coded_mask.field import Field
from science.coded_mask.fit import Shadowgram, ShadowgramFit
from science.coded_mask.geometry import Attitude
from science.coded_mask.mosaic_grid import MosaicSum, grid_for
from science.coded_mask.preview import write_preview
from science.coded_mask.search import Candidates, find_sources
from science.coded_mask.sky_map import coded_map, matched_map
from science.coded_mask.tan_image import BandImage, window_wcs
from science.coded_mask.weighted_curve import weighted_rates
from services.isgri.analysis.background import templates
from services.isgri.analysis.camera import CAMERA
from services.isgri.analysis.channels import edges_kev
from services.isgri.analysis.dead_time import ModuleTimes
from services.isgri.analysis.detector import SHAPE, module_map
from services.isgri.analysis.events import Events
from services.isgri.analysis.exposed_window import ExposedWindow
from services.isgri.analysis.image_stage import run_image
from services.isgri.analysis.instrument import INSTRUMENT
from services.isgri.analysis.lc_merge_stage import run_lc_merge
from services.isgri.analysis.lc_stage import band_weights, live_bins, run_lc
from services.isgri.analysis.live_time import module_times
from services.isgri.analysis.mosaic_stage import run_mosaic
from services.isgri.analysis.pif import pixel_illumination
from services.isgri.analysis.response import model_response
from services.isgri.analysis.shadowgram import shadowgrams
from services.isgri.analysis.spectrum_stage import run_spectrum
from services.isgri.analysis.spectrum_sum_stage import run_spectrum_sum
from services.isgri.analysis.weights_stage import run_weights
from services.isgri.analysis.window_fit import count_channels, fit_window, pixel_of

STAGES = (run_image, run_mosaic, run_spectrum, run_spectrum_sum, run_lc, run_lc_merge, run_weights)
"""What is ready after a warm-up."""
_GTI = np.array([[0.0, 1000.0]])


def warm_up() -> None:
    """Find one source in a noise-free field, put it on a mosaic grid and draw it."""
    attitude = INSTRUMENT.attitude(0.0, 0.0, 0.0, 90.0)
    live = module_map() >= 0
    counts = np.where(live, 20.0, 0.0) + 10.0 * pixel_illumination(0.07, 0.06) * live
    sky = Field([ShadowgramFit(Shadowgram(20.0, 40.0, counts, live, 1000.0, CAMERA), templates())])
    find_sources(sky, Candidates([]), 6.0)
    image = matched_map(sky.fits[0], oversampling=2)
    total = MosaicSum(grid_for([attitude], CAMERA.grid))
    total.add(attitude, image, coded_map(CAMERA, live))
    with tempfile.TemporaryDirectory() as directory:
        preview = Path(directory) / "preview.png"
        drawn = BandImage("SIGNIFICANCE", 20.0, 40.0, total.intensity())
        write_preview(preview, [drawn], window_wcs(attitude, CAMERA.grid), [("source", 0.0, 0.0)], "warm-up")
    events = _one_event(attitude)
    shadowgrams(events, np.ones(1, bool), [(20.0, 40.0)])
    window = ExposedWindow(events, np.ones(1, bool), _GTI, ModuleTimes([_GTI] * 8, np.zeros(8), 1.0), live)
    module_times(events, _GTI, 1.0)
    count_channels(window, edges_kev())
    ra, dec = attitude.sky(0.07, 0.06)
    found = fit_window(
        window, [Target("source", float(ra), float(dec))], counts.reshape(1, -1).astype(np.float32), np.array([30.0])
    )
    bins = live_bins(window, 0.0, 100.0, 10)
    used, pixel, weights = window.used, pixel_of(window), band_weights(found, 0)
    weighted_rates(events.time_s, pixel, used, bins, weights)
    model_response()


def _one_event(attitude: Attitude) -> Events:
    centre = np.array([SHAPE[0] // 2], np.uint8)
    return Events(
        swid="",
        tstart_ijd=0.0,
        tstop_ijd=1.0,
        attitude=attitude,
        time_s=np.zeros(1),
        energy_kev=np.full(1, 30.0, np.float32),
        row=centre,
        column=centre,
        noisy=np.zeros(1, bool),
        gti=None,
        live_fraction=None,
        revolution=0,
    )
