"""Writes an archive of science windows: what an instrument simulates for each pointing, and the index."""

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from multiprocessing import get_context
from pathlib import Path

from mesh.testing.archive.index import write_index
from mesh.testing.archive.pointing import Pointing


def write_windows(
    directory: Path,
    pointings: Sequence[Pointing],
    span_s: float,
    simulate: Callable[[Path, Pointing], object],
    *,
    processes: int = 1,
    done: Callable[[str], None] = lambda scw: None,
) -> list[str]:
    """Write every window and idx/scw/GNRL-SCWG-GRP-IDX.fits.

    Args:
        directory: root of the archive; made when missing.
        pointings: one per science window.
        span_s: length of every window [s].
        simulate: writes the files of a window into its folder; fit for pickling when there are several processes.
        processes: windows simulated at the same time.
        done: called with each identifier as it is written.

    Returns:
        identifiers in the order of the pointings.
    """
    for scw in _written(partial(_write, directory, simulate), pointings, processes):
        done(scw)
    write_index(directory / "idx" / "scw" / "GNRL-SCWG-GRP-IDX.fits", pointings, span_s)
    return [pointing.scw for pointing in pointings]


def _written(write: Callable[[Pointing], str], pointings: Sequence[Pointing], processes: int) -> Iterator[str]:
    """Yield the identifier of each window once it is there."""
    if processes == 1:
        yield from map(write, pointings)
        return
    # Fresh processes: forking a process that has threads can hang.
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(write, pointings)


def _write(directory: Path, simulate: Callable[[Path, Pointing], object], pointing: Pointing) -> str:
    """Simulate one window in its folder."""
    simulate(directory / "scw" / pointing.swid[:4] / f"{pointing.swid}.{pointing.version}", pointing)
    return pointing.scw
