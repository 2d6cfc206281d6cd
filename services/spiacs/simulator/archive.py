"""Writes slices of simulated counts as an archive, with off times in the belts and telemetry gaps."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from astropy.io import fits

from mesh.archive.off_times import off_times_path
from mesh.archive.slices import Slice, build_slice_indices, slices_between
from mesh.archive.times import ijd_from_utc, utc_from_ijd
from services.spiacs.simulator.orbit import BELTS_KM, position_km
from services.spiacs.simulator.rates import BIN_S, Background, Floats, Pulse, simulated_counts

SLICE_S = 3600
PACKET_BINS = 160
_DAY_S = 86400.0
_ORBIT_S = 60.0
_PHASE_S = 3.217  # packets do not begin with the slices
AXIS = (36.25, -49.80)
"""RA and Dec of the X axis on 2017-08-17."""


def write_archive(
    root: Path,
    t1: str,
    t2: str,
    *,
    seed: int = 1,
    background: Background | None = None,
    pulses: Sequence[tuple[str, Pulse]] = (),
    gaps: Sequence[tuple[str, str]] = (),
    absent: Sequence[str] = (),
    content: str = "",
    axis: tuple[float, float] = AXIS,
) -> list[str]:
    """Write every slice that an interval touches, the list of slices and that of off times.

    Args:
        root: directory of the archive.
        t1: start, UTC.
        t2: end, UTC.
        seed: of all draws.
        background: the rate without bursts.
        pulses: each with the UTC time that it starts at; its own ``start_s`` is added.
        gaps: UTC intervals of which no packet comes down.
        absent: UTC times whose slices are left out of the archive.
        content: what the headers say of the simulation.
        axis: RA and Dec of the X axis, deg.

    Returns:
        labels of the slices that were written.
    """
    slices = list(slices_between(ijd_from_utc(t1), ijd_from_utc(t2), SLICE_S))
    zero_s = slices[0].t_start * _DAY_S + _PHASE_S
    packets = int((slices[-1].t_stop * _DAY_S - zero_s) // (PACKET_BINS * BIN_S))
    placed = [
        Pulse(ijd_from_utc(utc) * _DAY_S - zero_s + pulse.start_s, pulse.counts, pulse.rise_s, pulse.decay_s)
        for utc, pulse in pulses
    ]
    counts = simulated_counts(
        packets * PACKET_BINS, np.random.default_rng(seed), background or Background(), placed
    ).reshape(packets, PACKET_BINS)
    times = np.asarray(zero_s + np.arange(packets) * PACKET_BINS * BIN_S, dtype=np.float64)
    lost = np.zeros(packets, dtype=bool)
    for begin, end in gaps:
        lost |= (times >= ijd_from_utc(begin) * _DAY_S) & (times < ijd_from_utc(end) * _DAY_S)
    _write_off_list(root, slices[0].t_start, slices[-1].t_stop)
    left_out = [ijd_from_utc(utc) for utc in absent]
    slices = [part for part in slices if not any(part.t_start <= ijd < part.t_stop for ijd in left_out)]
    for part in slices:
        inside = (times >= part.t_start * _DAY_S) & (times < part.t_stop * _DAY_S)
        told = content or f"odamesh simulator, seed {seed}"
        _write(root, part, times[inside & ~lost], counts[inside & ~lost], content=told, axis=axis)
    build_slice_indices(root)
    return [str(part) for part in slices]


def _write(
    root: Path, part: Slice, times: Floats, counts: np.ndarray, *, content: str, axis: tuple[float, float]
) -> None:
    off = _off_times(part.t_start, part.t_stop)
    for start, stop in off:
        dark = (times >= start) & (times < stop)
        times, counts = times[~dark], counts[~dark]
    folder = root / part.folder("spiacs")
    folder.mkdir(parents=True, exist_ok=True)
    primary = fits.PrimaryHDU()
    for key, value in (("TELESCOP", "INTEGRAL"), ("INSTRUME", "SPI-ACS"), ("MJDREF", 51544.0), ("TIMESYS", "TT")):
        primary.header[key] = value
    primary.header["SIMULATD"] = (content, "simulated data")
    packets = fits.BinTableHDU.from_columns(
        [
            fits.Column("TIME", "1D", unit="d", array=times / _DAY_S),
            fits.Column("COUNTS", f"{PACKET_BINS}J", unit="count", array=counts),
        ],
        name="SPI.-ACS.-CNT",
    )
    packets.header["TIMEDEL"] = BIN_S
    hdus = fits.HDUList([primary, packets, _off_table(off), _orbit_table(part, axis)])
    half = folder / ".half.acs_counts.fits.gz"  # whoever is stopped leaves no half file under the name of a whole one
    hdus.writeto(half, overwrite=True)
    half.replace(folder / "acs_counts.fits.gz")


def _write_off_list(root: Path, begin: float, end: float) -> None:
    """Write the passages of the belts between two IJD into the archive's list of off times; what it has stays."""
    path = root / off_times_path("spiacs")
    known = path.read_text(encoding="utf-8").splitlines()[1:] if path.is_file() else []
    lines = {
        f"{utc_from_ijd(start / _DAY_S, 0)},{utc_from_ijd(stop / _DAY_S, 0)},BELTS"
        for start, stop in _off_times(begin, end)
    }
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(["start,stop,reason", *sorted(lines | set(known))]) + "\n", encoding="utf-8")


def _off_times(begin: float, end: float) -> list[tuple[float, float]]:
    """Return when the spacecraft is in the belts between two IJD, s."""
    grid = np.arange(begin * _DAY_S, end * _DAY_S + 1, 8.0)
    low = np.linalg.norm(position_km(grid / _DAY_S), axis=1) < BELTS_KM
    edges = np.flatnonzero(np.diff(np.concatenate(([False], low, [False])).astype(int)))
    return [(float(grid[a]), float(grid[min(b, grid.size - 1)])) for a, b in edges.reshape(-1, 2)]


def _off_table(off: Sequence[tuple[float, float]]) -> fits.BinTableHDU:
    return fits.BinTableHDU.from_columns(
        [
            fits.Column("START", "1D", unit="d", array=np.array([start / _DAY_S for start, _ in off])),
            fits.Column("STOP", "1D", unit="d", array=np.array([stop / _DAY_S for _, stop in off])),
            fits.Column("REASON", "16A", array=np.array(["BELTS"] * len(off), dtype="U16")),
        ],
        name="SPI.-ACS.-OFF",
        nrows=len(off),
    )


def _orbit_table(part: Slice, axis: tuple[float, float]) -> fits.BinTableHDU:
    ijd = np.arange(part.t_start, part.t_stop + 1e-9, _ORBIT_S / _DAY_S)
    place = position_km(ijd)
    columns = [fits.Column("TIME", "1D", unit="d", array=ijd)]
    columns += [
        fits.Column(name, "1D", unit="km", array=place[:, k]) for k, name in enumerate(("XPOS", "YPOS", "ZPOS"))
    ]
    columns += [
        fits.Column(name, "1D", unit="deg", array=np.full(ijd.size, value))
        for name, value in zip(("RA_SCX", "DEC_SCX"), axis, strict=True)
    ]
    return fits.BinTableHDU.from_columns(columns, name="SPI.-ACS.-ORB")
