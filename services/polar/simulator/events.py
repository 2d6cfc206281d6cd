"""Events of a polarised burst over an even background, written as slices of an archive."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from astropy.io import fits
from numpy.typing import NDArray

from mesh.archive.slices import build_slice_indices, slices_between
from mesh.archive.times import ijd_from_utc

SLICE_S = 600
_DAY_S = 86400.0
_LOW_KEV, _HIGH_KEV = 20.0, 700.0

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class PolarisedBurst:
    """A burst of exponential decay.

    Args:
        utc: its start.
        events: expected number.
        decay_s: e-folding time; T90 is ln 19 = 2.944 times as long.
        degree: of polarisation, 0 to 1.
        angle_deg: of polarisation, in the frame of the scattering angles.
        modulation: of fully polarised light.
        index: of the power law of deposited energies.
    """

    utc: str
    events: float
    decay_s: float
    degree: float
    angle_deg: float
    modulation: float = 0.3
    index: float = 1.5


def scattering_angles(random: np.random.Generator, number: int, amplitude: float, angle_deg: float) -> Floats:
    """Draw angles of 1 - amplitude cos 2(phi - angle) by rejection, degrees."""
    drawn: list[Floats] = []
    have = 0
    while have < number:
        phi = random.uniform(0.0, 360.0, 2 * number + 10)
        density = 1 - amplitude * np.cos(2 * np.radians(phi - angle_deg))
        kept = phi[random.uniform(0.0, 1 + amplitude, phi.size) < density]
        drawn.append(kept)
        have += kept.size
    return np.concatenate(drawn)[:number] if drawn else np.zeros(0)


def write_archive(
    root: Path,
    t1: str,
    t2: str,
    bursts: Sequence[PolarisedBurst] = (),
    *,
    seed: int = 1,
    rate: float = 400.0,
    dead: float = 0.02,
    response: Path | None = None,
    uneven: float = 0.0,
) -> list[str]:
    """Write every slice that an interval touches, and the list of slices; return the labels.

    Args:
        root: directory of the archive.
        t1: start, UTC.
        t2: end, UTC.
        bursts: in it.
        seed: of all draws.
        rate: of the background, events/s.
        dead: share of dead time.
        response: file whose extensions go into the slices in which bursts begin.
        uneven: amplitude of the detector's answer to unpolarised light, 1 + uneven cos 2 phi.
    """
    random = np.random.default_rng(seed)
    drawn = [_draw(random, burst) for burst in bursts]
    labels = []
    for part in slices_between(ijd_from_utc(t1), ijd_from_utc(t2), SLICE_S):
        begin, end = part.t_start * _DAY_S, part.t_stop * _DAY_S
        number = int(random.poisson(rate * SLICE_S))
        columns = [
            np.column_stack(
                (
                    random.uniform(begin, end, number),
                    _power_law(random, number, 1.2),
                    random.uniform(0.0, 360.0, number),
                )
            )
        ]
        columns += [rows[(rows[:, 0] >= begin) & (rows[:, 0] < end)] for rows in drawn]
        rows = np.concatenate(columns)
        rows = rows[np.argsort(rows[:, 0], kind="stable")]
        if uneven:
            seen = 1 + uneven * np.cos(2 * np.radians(rows[:, 2]))
            rows = rows[random.uniform(0.0, 1 + uneven, len(rows)) < seen]
        folder = root / part.folder("polar")
        folder.mkdir(parents=True, exist_ok=True)
        primary = fits.PrimaryHDU()
        primary.header["SIMULATD"] = (f"odamesh simulator, seed {seed}", "simulated data")
        hdus = fits.HDUList([primary, _table(rows, dead)])
        begins = any(begin <= ijd_from_utc(burst.utc) * _DAY_S < end for burst in bursts)
        if response is not None and begins:
            with fits.open(response) as source:
                hdus.extend([hdu.copy() for hdu in source[1:]])
                hdus.writeto(folder / "polar.pevt.gz", overwrite=True)
        else:
            hdus.writeto(folder / "polar.pevt.gz", overwrite=True)
        labels.append(str(part))
    build_slice_indices(root)
    return labels


def _draw(random: np.random.Generator, burst: PolarisedBurst) -> Floats:
    number = int(random.poisson(burst.events))
    times = ijd_from_utc(burst.utc) * _DAY_S + random.exponential(burst.decay_s, number)
    angles = scattering_angles(random, number, burst.modulation * burst.degree, burst.angle_deg)
    return np.column_stack((times, _power_law(random, number, burst.index), angles))


def _power_law(random: np.random.Generator, number: int, index: float) -> Floats:
    low, high = _LOW_KEV ** (1 - index), _HIGH_KEV ** (1 - index)
    return np.asarray((low + random.uniform(size=number) * (high - low)) ** (1 / (1 - index)), dtype=np.float64)


def _table(rows: Floats, dead: float) -> fits.BinTableHDU:
    columns = [
        fits.Column("TIME", "1D", unit="s", array=rows[:, 0]),
        fits.Column("CHANNEL", "1I", array=(rows[:, 1] / 5.05).astype(np.int16)),
        fits.Column("SABIN", "1I", array=(rows[:, 2] / 9.0).astype(np.int16)),
        fits.Column("DEADFRAC", "1E", array=np.full(len(rows), dead)),
        fits.Column("ENERGY", "1E", unit="keV", array=rows[:, 1]),
        fits.Column("SA", "1E", unit="deg", array=rows[:, 2]),
    ]
    table = fits.BinTableHDU.from_columns(columns, name="POLEVENTS")
    for key, value in (("TELESCOP", "Tiangong-2"), ("INSTRUME", "POLAR"), ("MJDREF", 51544.0), ("TIMESYS", "TT")):
        table.header[key] = value
    return table
