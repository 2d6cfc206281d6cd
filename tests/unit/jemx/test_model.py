"""The instrument that the analysis assumes is the one that the simulator has; the two share no code."""

import numpy as np
import pytest

from mesh.testing.archive.pointing import Pointing
from services.jemx.analysis import camera, mask
from services.jemx.analysis.detector import area_pixels, centres_mm, window
from services.jemx.analysis.instrument import instrument
from services.jemx.analysis.model import model
from services.jemx.simulator import attitude as simulated_attitude
from services.jemx.simulator import mask as simulated_mask
from services.jemx.simulator import spectra
from services.jemx.simulator.detector import RADIUS_MM, collimator

_ENERGY = np.linspace(3.0, 35.0, 65)


def test_both_have_the_same_figures() -> None:
    m = model()
    assert (m.mask_order, m.cell_mm, m.height_mm) == (
        simulated_mask.PRIME,
        simulated_mask.CELL_MM,
        simulated_mask.HEIGHT_MM,
    )
    assert (m.mask_diameter_mm, m.thickness_mm) == (simulated_mask.DIAMETER_MM, simulated_mask.THICKNESS_MM)
    assert m.radius_mm == RADIUS_MM
    np.testing.assert_array_equal(mask.open_labels(), simulated_mask.open_labels())
    assert mask.turn() == simulated_mask.turn()
    np.testing.assert_allclose(m.channel_edges_kev(), spectra.channel_edges_kev())
    np.testing.assert_allclose(m.area_cm2(_ENERGY), spectra.area_cm2(_ENERGY))
    np.testing.assert_allclose(m.energy_fwhm_kev(_ENERGY), 2.3548 * spectra.resolution_sigma_kev(_ENERGY), rtol=1e-4)
    np.testing.assert_allclose(m.position_fwhm_mm(_ENERGY), 2.3548 * spectra.position_sigma_mm(_ENERGY), rtol=1e-4)


def test_every_assumption_says_how_sure_it_is() -> None:
    words = ("published", "measured", "assumed")
    assert len(model().statuses) == 10
    assert all(any(word in status for word in words) for _, status in model().statuses)


@pytest.mark.parametrize("unit", [1, 2])
def test_both_see_a_direction_at_the_same_place(unit: int) -> None:
    pointing = Pointing("201600270010.001", 83.0, 22.0, 173.0, 0.0, 6876.0)
    seen = simulated_attitude.slopes(unit, pointing, 84.5, 23.1)
    assert seen is not None
    attitude = instrument(unit).attitude(83.0, 22.0, 173.0, 0.0)
    tz, ty = attitude.tangents(84.5, 23.1)
    np.testing.assert_allclose((ty, tz), seen, atol=1e-12)


def test_the_mask_is_a_quarter_open_and_has_the_right_residues() -> None:
    labels = mask.open_labels()
    assert labels.sum() == 5625
    # A difference set: every shift has the same number of coincidences (Finger & Prince 1985).
    spectrum = np.abs(np.fft.fft(labels)) ** 2
    np.testing.assert_allclose(np.rint(np.fft.ifft(spectrum).real[1:]), 1406)
    openness, inside = mask.rendered()
    assert openness.sum() / inside.sum() == pytest.approx(0.25, abs=0.003)


def test_channels_lie_where_products_of_the_standard_software_have_them() -> None:
    edges = model().channel_edges_kev()
    assert np.all(np.diff(edges) > 0)
    assert edges[46] == pytest.approx(3.04, abs=0.001)
    assert edges[224] == pytest.approx(34.88, abs=0.001)
    assert (edges[59] + edges[60]) / 2 == pytest.approx(4.12, abs=0.005)
    assert (edges[209] + edges[210]) / 2 == pytest.approx(29.7, abs=0.1)


def test_blurring_moves_nothing() -> None:
    """A box of an even number of samples would shift the picture by half a sample: 0.125 mm, 10 arcsec."""
    sharp = mask.rendered()[0].astype(float)
    soft = mask.blurred(1.0) / mask.OPEN
    spectrum = np.conj(np.fft.rfft2(sharp)) * np.fft.rfft2(soft)
    correlation = np.fft.fftshift(np.fft.irfft2(spectrum, s=sharp.shape))
    middle = mask.SIDE // 2
    peak = correlation[middle - 3 : middle + 4, middle - 3 : middle + 4]
    np.testing.assert_allclose(peak, peak[::-1, ::-1], rtol=1e-5)
    assert int(np.argmax(correlation)) == middle * mask.SIDE + middle
    assert soft.sum() == pytest.approx(sharp.sum(), rel=1e-5)


def test_samples_for_maps_are_what_pixels_on_axis_see() -> None:
    sampled, inside = mask.sampled(1.0, 0.0, 0.0)
    lens = camera.JemxCamera(**{**camera.camera(1, 3.0, 20.0).__dict__, "fwhm_mm": 1.0})
    first = (mask.SAMPLES - 252) // 2
    np.testing.assert_allclose(sampled[first:-first, first:-first], lens.illumination(0.0, 0.0), atol=1e-5)
    assert inside.sum() == pytest.approx(np.pi * 267.5**2, rel=1e-3)


def test_illumination_moves_by_whole_pixels() -> None:
    lens = camera.camera(1, 3.0, 20.0)
    step = lens.grid.step
    here, there = lens.illumination(0.0, 0.0), lens.illumination(3 * step, -2 * step)
    through = float(camera.transparency(np.array(3 * step), np.array(-2 * step)))
    np.testing.assert_allclose(there[:-3, 2:], here[3:, :-2] * through, atol=1e-6)


def test_the_collimator_is_that_of_the_simulator_and_holes_have_walls() -> None:
    for tz, ty in ((0.0, 0.0), (0.02, -0.05), (0.0, 0.12)):
        through = float(camera.transparency(np.array(tz), np.array(ty)))
        tubes = collimator(ty, tz)
        assert through <= tubes
        assert through == pytest.approx(tubes, rel=0.02)


def test_coded_fraction_falls_from_one_to_nothing() -> None:
    lens = camera.camera(2, 3.0, 20.0)
    angles = np.tan(np.radians([0.0, 1.0, 2.4, 3.3, 5.0, 6.8]))
    seen = lens.coded_fraction(angles, np.zeros(6))
    assert seen[0] == pytest.approx(1.0)
    assert np.all(np.diff(seen) < 0)
    assert seen[-1] == 0.0


def test_pixels_fill_the_window() -> None:
    assert window().sum() < area_pixels()
    assert window().sum() == pytest.approx(area_pixels(), rel=0.02)
    np.testing.assert_allclose(centres_mm(), -centres_mm()[::-1])


def test_wide_bands_are_seen_as_their_counts_are() -> None:
    assert camera.band_fwhm_mm(3.0, 5.0) > camera.band_fwhm_mm(3.0, 20.0) > camera.band_fwhm_mm(20.0, 35.0)
