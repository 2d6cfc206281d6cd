"""Sky to detector: attitude, mounting, pixels; checked end to end on a shadow that OSA computed for a real window."""

from pathlib import Path

import numpy as np
import pytest
from astropy.coordinates import SkyCoord
from astropy.io import fits

from mesh.testing.archive.pointing import direction, radec
from services.isgri.simulator import Pointing, SkySource
from services.isgri.simulator.attitude import slopes
from services.isgri.simulator.detector import (
    COLUMNS,
    PITCH_MM,
    PIXELS,
    ROWS,
    draw_state,
    image_pixels,
    struck_pixels,
)
from services.isgri.simulator.photons import source_events

REAL = "isgri-scw-255900280010"
SGR_1935 = (293.73199, 21.89672)


def real_pointing(shared_data: Path) -> Pointing:
    header = fits.getheader(shared_data / REAL / "isgri_events_255900280010_part1.fits.gz", 1)
    ra_x, dec_x, ra_z, dec_z = (float(header[key]) for key in ("RA_SCX", "DEC_SCX", "RA_SCZ", "DEC_SCZ"))
    return Pointing("255900280010.001", ra_x, dec_x, ra_z, dec_z, float(header["TSTART"]))


def test_shadow_of_a_real_source_equals_the_one_of_osa(shared_data: Path) -> None:
    source = SkySource("SGR 1935+2154", *SGR_1935, mcrab_20_40=50_000.0)
    pointing = real_pointing(shared_data)
    events = source_events(np.random.default_rng(0), source, pointing, span_s=200.0, live_fraction=1.0)
    shadow = np.zeros((PIXELS, PIXELS))
    np.add.at(shadow, (events.isgri_z, events.isgri_y), 1.0)
    with fits.open(shared_data / REAL / "isgri_pif_SGR1935_255900280010.fits.gz") as hdus:
        osa = next(hdu.data for hdu in hdus if hdu.data is not None and hdu.data.shape == (ROWS, COLUMNS))
    pixels = np.arange(PIXELS)
    osa = osa[np.ix_(image_pixels(pixels, 32), image_pixels(pixels, 64))]
    assert np.corrcoef(shadow.ravel(), osa.ravel())[0, 1] > 0.99  # no free parameter


def test_source_direction_of_a_real_window(shared_data: Path) -> None:
    tangents = slopes(real_pointing(shared_data), *SGR_1935)
    assert tangents is not None
    assert np.degrees(np.arctan(tangents)) == pytest.approx((0.930, -6.582), abs=0.15)


def test_a_direction_behind_the_detector_has_no_slopes() -> None:
    assert slopes(Pointing("201600270010", 10.0, 20.0, 10.0, -70.0, 6876.0), 190.0, -20.0) is None


def test_vectors_and_angles() -> None:
    for ra, dec in ((0.0, 0.0), (359.9, -80.0), (120.0, 45.0)):
        expected = SkyCoord(ra, dec, unit="deg").cartesian.xyz.value
        assert direction(ra, dec) == pytest.approx(expected)
        assert radec(3.0 * direction(ra, dec)) == pytest.approx((ra, dec))


def test_every_pixel_is_hit_at_its_centre_and_not_in_the_gaps() -> None:
    number = np.arange(PIXELS)
    y = np.asarray((image_pixels(number, 64) - 64.5) * PITCH_MM, dtype=np.float64)
    z = np.asarray((image_pixels(number, 32) - 66.5) * PITCH_MM, dtype=np.float64)
    hit_y, hit_z, sensitive = struck_pixels(y, z)
    assert np.array_equal(hit_y, number)
    assert np.array_equal(hit_z, number)
    assert sensitive.all()
    for gap in (64, 65):
        assert not struck_pixels(np.full(1, (gap - 64.5) * PITCH_MM), z[:1])[2].any()
    for gap in (32, 33, 66, 67, 100, 101):
        assert not struck_pixels(y[:1], np.full(1, (gap - 66.5) * PITCH_MM))[2].any()
    assert not struck_pixels(np.array([-300.0, 300.0]), z[:2])[2].any()


def test_sensitive_fraction_of_the_detector_plane() -> None:
    rng = np.random.default_rng(1)
    width, depth = COLUMNS * PITCH_MM, ROWS * PITCH_MM
    _, _, sensitive = struck_pixels(width * (rng.random(400_000) - 0.5), depth * (rng.random(400_000) - 0.5))
    assert sensitive.mean() == pytest.approx(PIXELS**2 * 16.0 / (width * depth), abs=0.003)


def test_condition_of_the_detector() -> None:
    state = draw_state(np.random.default_rng(3), pixel_spread=0.1)
    assert state.dead.mean() == pytest.approx(0.057, abs=0.006)
    assert state.noisy.mean() == pytest.approx(0.032, abs=0.005)
    assert not (state.dead & state.noisy).any()
    plain = draw_state(np.random.default_rng(3), hot_pixels=0).background
    modules = plain.reshape(4, 32, 2, 64)
    assert np.ptp(modules, axis=(1, 3)).max() < 1e-12
    assert 0.01 < np.ptp(modules.mean(axis=(1, 3))) <= 0.08
    assert state.background.std() > 2 * plain.std()
