"""The hexagonal coded mask of JEM-X, rendered once on a fine grid and blurred as the detector blurs it.

A hexagonal uniformly redundant array (Finger & Prince 1985) of 22501 cells: cell (q, r) of the lattice is open where
q + s r is a biquadratic residue modulo 22501, with s^2 + s + 1 = 0. The picture of it is convolved with the pixel and
with the position resolution as a product of transfer functions: exact, and without the shift by half a sample that a
box of an even number of samples brings (0.125 mm, 10 arcsec on the sky).
"""

from functools import cache, lru_cache

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from science.coded_mask.compiled import compiled
from services.jemx.analysis.detector import PIXEL_MM, SHAPE
from services.jemx.analysis.model import model

SAMPLE_MM = 0.25
SIDE = 2200
"""Samples along a side: 550 mm, the mask and a closed rim."""
SAMPLES = 536
"""Mask samples along a side on the pixel pitch. Even, like the detector, so that the on-axis shift is whole."""
OPEN = 1 << 14
"""What stands for an open sample in a blurred picture."""
_FINE = 3
_FINER_MM = SAMPLE_MM / _FINE


@cache
def open_labels() -> NDArray[np.bool_]:
    """Whether the cell of each label is open: biquadratic residues modulo the order of the mask."""
    order = model().mask_order
    labels = np.zeros(order, np.bool_)
    labels[[pow(n, 4, order) for n in range(1, order)]] = True
    return labels


def turn() -> int:
    """Return the smaller root s of s^2 + s + 1 = 0 modulo the order of the mask."""
    order = model().mask_order
    return next(s for s in range(order) if (s * s + s + 1) % order == 0)


@compiled
def _nearest(u: float, v: float, cell: float, step: int) -> tuple[float, int]:
    """Return the square of the distance to the nearest point of the lattice, and the number of its cell."""
    height = cell * np.sqrt(3.0) / 2.0
    # Of the points around: rows of cells lie `height` apart, shifted by half a cell.
    row = int(np.floor(v / height))
    best, number = 1e9, 0
    for r in (row, row + 1):
        q = int(np.floor(u / cell - 0.5 * r + 0.5))
        du, dv = u - (q + 0.5 * r) * cell, v - r * height
        distance = du * du + dv * dv
        if distance < best:
            best, number = distance, q + step * r
    return best, number


@compiled
def _render(  # noqa: PLR0917
    labels: NDArray[np.bool_],
    step: int,
    cell: float,
    radius: float,
    side: int,
    sample: float,
    fine: int,
    frame: NDArray[np.float64],
) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Share of each sample that is open, and that lies inside the mask.

    ``frame`` turns (z, y) into the axes of the lattice: two rows of a matrix, then a shift. A sample is cut up only
    where it may lie across an edge of its cell or of the mask.
    """
    openness = np.zeros((side, side), np.float32)
    inside = np.zeros((side, side), np.float32)
    share = 1.0 / (fine * fine)
    reach = sample * np.sqrt(0.5)
    for i in range(side):
        z = (i - (side - 1) / 2.0) * sample
        for j in range(side):
            y = (j - (side - 1) / 2.0) * sample
            off = np.sqrt(z * z + y * y)
            if off > radius + reach:
                continue
            u, v = frame[2] * z + frame[3] * y - frame[5], frame[0] * z + frame[1] * y - frame[4]
            distance, number = _nearest(u, v, cell, step)
            if off < radius - reach and np.sqrt(distance) < 0.5 * cell - reach:
                inside[i, j] = 1.0
                openness[i, j] = labels[number % labels.size]
                continue
            for part in range(fine * fine):
                fine_z = z + ((part // fine) - (fine - 1) / 2.0) * sample / fine
                fine_y = y + ((part % fine) - (fine - 1) / 2.0) * sample / fine
                if fine_z * fine_z + fine_y * fine_y > radius * radius:
                    continue
                inside[i, j] += share
                u = frame[2] * fine_z + frame[3] * fine_y - frame[5]
                v = frame[0] * fine_z + frame[1] * fine_y - frame[4]
                _, number = _nearest(u, v, cell, step)
                if labels[number % labels.size]:
                    openness[i, j] += share
    return openness, inside


@cache
def rendered() -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Return openness and inside of the mask, shape (side, side) indexed [Z, Y], sharp."""
    m = model()
    angle = np.radians(m.turned_deg)
    mirror = -1.0 if m.mirrored else 1.0
    frame = np.array(
        [np.cos(angle), -np.sin(angle) * mirror, np.sin(angle), np.cos(angle) * mirror, m.shift_mm[0], m.shift_mm[1]]
    )
    return _render(open_labels(), turn(), m.cell_mm, m.mask_diameter_mm / 2, SIDE, SAMPLE_MM, _FINE, frame)


@cache
def _spectrum() -> NDArray[np.complex64]:
    """Return the transform of the sharp mask."""
    spectrum: NDArray[np.complex64] = fft.rfft2(rendered()[0])
    return spectrum


@lru_cache(maxsize=24)
def blurred(fwhm_mm: float) -> NDArray[np.int16]:
    """Return the openness that a pixel sees at each place: the mask convolved with pixel and position resolution.

    It is made for linear interpolation between its samples, which are whole numbers of 1 / ``OPEN``: half the memory
    of floating point, and rounded by 3e-5 at most.

    Args:
        fwhm_mm: position resolution along one axis.
    """
    sigma = fwhm_mm / np.sqrt(8.0 * np.log(2.0))
    whole, half = fft.fftfreq(SIDE, SAMPLE_MM), fft.rfftfreq(SIDE, SAMPLE_MM)
    # Rendering averages over a sample, and linear interpolation blurs as two samples more do: taken back here.
    down, across = (
        np.sinc(f * PIXEL_MM) * np.exp(-2.0 * (np.pi * f * sigma) ** 2) / np.sinc(f * SAMPLE_MM) ** 3
        for f in (whole, half)
    )
    spectrum = _spectrum() * down[:, None].astype(np.float32)
    spectrum *= across.astype(np.float32)
    picture: NDArray[np.float32] = fft.irfft2(spectrum, s=(SIDE, SIDE), overwrite_x=True)
    picture *= np.float32(OPEN)
    image = np.rint(picture, out=picture).astype(np.int16)
    image.setflags(write=False)
    return image


def sampled(fwhm_mm: float, phase_z: float, phase_y: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return the openness seen by pixels on the pixel pitch, and the share inside the mask, both (536, 536).

    The phases (0 or 0.5) shift the samples by a part of the pitch.
    """
    _, inside = rendered()
    index = []
    for phase in (phase_z, phase_y):
        place = (np.arange(SAMPLES) - (SAMPLES - 1) / 2.0 + phase) * PIXEL_MM / SAMPLE_MM + (SIDE - 1) / 2.0
        index.append(place)
    # Centres of pixels lie between two samples, since both grids are even: take the mean of the neighbours.
    low = [np.floor(place).astype(np.int64) for place in index]
    part = [place - below for place, below in zip(index, low, strict=True)]
    result = []
    for image in (blurred(fwhm_mm), inside):
        rows = image[low[0]] * (1.0 - part[0])[:, None] + image[low[0] + 1] * part[0][:, None]
        result.append(rows[:, low[1]] * (1.0 - part[1]) + rows[:, low[1] + 1] * part[1])
    return result[0] / OPEN, result[1]


def detector_samples() -> int:
    """Length of padded transforms: at least mask samples and detector together."""
    return int(fft.next_fast_len(SAMPLES + max(SHAPE) - 1, real=True))
