"""Spectra of known truth: photons folded through responses made of Gaussian lines, with noise, in our own files."""

from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.kit.ogip.observation import Observation
from mesh.kit.ogip.response import rmf_hdus
from mesh.kit.ogip.spectrum import spectrum_hdu

Array = NDArray[np.float64]
_EXPOSURE_S = 2000.0


def _response(low: float, high: float, channels: int, resolution: float, area: float) -> tuple[Array, Array, Array]:
    """Return energies, channels and a matrix [cm2] with lines of Gaussian shape."""
    energy = np.geomspace(low * 0.7, high * 1.8, 400)
    edges = np.geomspace(low, high, channels + 1)
    middle, centre = np.sqrt(energy[1:] * energy[:-1]), np.sqrt(edges[1:] * edges[:-1])
    width = resolution * middle[:, None]
    shape = np.exp(-0.5 * ((centre - middle[:, None]) / width) ** 2) * np.diff(edges) / (width * np.sqrt(2 * np.pi))
    return energy, edges, area * shape


INSTRUMENTS = {
    "ISGRI": ("IBIS", "ISGRI", 0, *_response(20.0, 400.0, 60, 0.08, 1000.0)),
    "JMX1": ("JMX1", "", 1, *_response(3.0, 35.0, 30, 0.1, 60.0)),
}


def write_spectrum(
    folder: Path, name: str, photons: Array, rng: np.random.Generator, *, background: float = 40.0
) -> list[Path]:
    """Write a background-subtracted spectrum as a coded-mask instrument measures it; return it and its response.

    Args:
        folder: where to.
        name: of the instrument.
        photons: photons/cm2/s in each of its energy bins.
        rng: noise.
        background: counts/s in all channels, subtracted.
    """
    instrument, detector, first, energy, edges, matrix = INSTRUMENTS[name]
    seen = Observation(instrument, 1000.0, 1000.1, "Truth", 10.0, 10.0, detector=detector)
    expected = photons @ matrix
    error = np.sqrt((expected + background / len(expected)) / _EXPOSURE_S)
    spectrum = spectrum_hdu(
        expected + error * rng.normal(size=error.size),
        error,
        exposure_s=_EXPOSURE_S,
        observation=seen,
        first_channel=first,
        response=f"{name}_rmf.fits",
    )
    folder.mkdir(exist_ok=True)
    response = rmf_hdus(energy, edges, matrix, observation=seen, first_channel=first, with_area=True)
    paths = [folder / f"{name}_pha.fits", folder / f"{name}_rmf.fits"]
    for path, hdus in zip(paths, ([spectrum], response), strict=True):
        fits.HDUList([fits.PrimaryHDU(), *hdus]).writeto(path, overwrite=True)
    return paths


def cut_power_law(energy: Array, index: float, fold: float, norm: float) -> Array:
    """Photons in each bin, by Simpson's rule."""
    low, high = energy[:-1], energy[1:]
    points = np.array([low, (low + high) / 2, high])
    values = norm * points**-index * np.exp(-points / fold)
    return np.asarray((values[0] + 4 * values[1] + values[2]) * (high - low) / 6)
