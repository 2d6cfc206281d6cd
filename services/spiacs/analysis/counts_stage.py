"""Stage ``counts``: the counts of one slice on a regular grid, without what is no measurement."""

import numpy as np

from mesh.kit import ScienceFailure, Unit
from science.bursts.curve import Curve
from science.bursts.instants import utc_of_seconds
from science.bursts.noise import noise_of
from science.bursts.windows import windows_of
from services.spiacs.analysis.counts_file import BIN_S, OffTime, Slice, read_counts
from services.spiacs.analysis.slice_file import slice_hdus

_SCALES_S = (0.1, 1.0, 5.0)


def run_counts(unit: Unit) -> None:
    """Read, clean and store one slice.

    Raises:
        BadInput: the file is damaged.
        ScienceFailure: reason ``InstrumentOff`` or ``NoTelemetry``: no count in the whole slice, and why.
    """
    from mesh.kit.provenance import write_fits  # noqa: PLC0415 - keeps the import of the module light for tests

    with unit.step("read"):
        found = read_counts(unit.inputs("counts")[0].paths[0])
    with unit.step("clean"):
        curve = _without_off_times(found)
        if curve is None or not curve.live.any():
            raise _no_counts(unit.label, found.off)
        write_fits(unit, "spiacs_counts.fits.gz", slice_hdus(Slice(curve, found.off, found.orbit)))
    noise = noise_of(curve, [round(scale / BIN_S) for scale in _SCALES_S], windows_of(curve))
    unit.summary(
        live_s=curve.live_s,
        rate=curve.rate,
        noise_ratio={f"{scale:g}": value for scale, value in zip(_SCALES_S, noise.ratio, strict=True)},
        off=[[utc_of_seconds(one.start_s), utc_of_seconds(one.stop_s), one.reason] for one in found.off],
    )


def _without_off_times(found: Slice) -> Curve | None:
    if found.curve is None:
        return None
    live = found.curve.live.copy()
    centres = found.curve.start_s + found.curve.centres
    for one in found.off:
        live &= ~((centres >= one.start_s) & (centres < one.stop_s))
    return Curve(found.curve.start_s, found.curve.bin_s, np.where(live, found.curve.counts, 0.0), live)


def _no_counts(label: str, off: tuple[OffTime, ...]) -> ScienceFailure:
    if not off:
        return ScienceFailure("NoTelemetry", f"slice {label}: no packet of SPI-ACS came down, and no off time is known")
    told = "; ".join(
        f"{one.reason} from {utc_of_seconds(one.start_s, 0)} to {utc_of_seconds(one.stop_s, 0)}" for one in off
    )
    return ScienceFailure("InstrumentOff", f"slice {label}: the shield was off ({told})")
