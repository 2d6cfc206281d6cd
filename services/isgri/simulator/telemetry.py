"""Events as rows of ISGR-EVTS-ALL: time order, on-board time, raw channels; and the good time intervals of a window."""

import numpy as np
from numpy.typing import NDArray

from mesh.testing.archive.on_board_time import OBT_PER_TICK, TICK_S, Interval, obt_words, on_board_time
from services.isgri.simulator.detector import MODULE_Y, MODULE_Z, DetectorState, image_pixels
from services.isgri.simulator.photons import Events

ROW = np.dtype(
    [
        ("DELTA_TIME", "u1"),
        ("RISE_TIME", "u1"),
        ("ISGRI_PHA", ">i2"),
        ("ISGRI_Y", "u1"),
        ("ISGRI_Z", "u1"),
        ("DETY", "u1"),
        ("DETZ", "u1"),
        ("OB_TIME", ">i2", 4),
        ("ISGRI_PI", "u1"),
        ("ISGRI_ENERGY", ">f4"),
        ("SELECT_FLAG", "u1"),
        ("TIME", ">f8"),
    ]
)
"""One row as stored in the file, 30 bytes."""

_ENERGY_STEP_KEV = 1.0 / 64.0  # far below the resolution; keeps the compressed file small


def pack_rows(
    rng: np.random.Generator,
    events: Events,
    state: DetectorState,
    *,
    t_start_ijd: float,
    telemetered: tuple[Interval, ...],
) -> NDArray[np.void]:
    """Rows of the event table in time order.

    Args:
        rng: draws the raw channels.
        events: events of all kinds; those outside `telemetered` and in dead pixels are lost.
        state: dead and noisy pixels.
        t_start_ijd: start of the window.
        telemetered: intervals in which events reach the ground.
    """
    tick = (events.time_s / TICK_S).astype(np.int64)
    kept = ~state.dead[events.isgri_z, events.isgri_y] & (events.energy_kev >= 0)
    inside = np.zeros(tick.size, dtype=bool)
    for interval in telemetered:
        inside |= (tick >= interval.start) & (tick < interval.stop)
    chosen = np.flatnonzero(kept & inside)
    # One key of time and number: the order of simultaneous events is the same with every sorting algorithm.
    order_bits = int(chosen.size).bit_length()
    key = np.sort((tick[chosen] << order_bits) | np.arange(chosen.size))
    order = chosen[key & ((1 << order_bits) - 1)]
    tick = key >> order_bits
    isgri_y, isgri_z = events.isgri_y[order], events.isgri_z[order]
    energy = events.energy_kev[order]
    energy = np.where(energy > 0, (np.floor(energy / _ENERGY_STEP_KEV) + 0.5) * _ENERGY_STEP_KEV, 0.0)

    rows = np.zeros(order.size, dtype=ROW)
    rows["DELTA_TIME"] = tick & 0xFF
    # Rise times after the selection that removes badly measured ones; the corrected one stays within 16-115.
    rise_time = 8 + (70 * (1.0 - np.sqrt(rng.random(order.size, dtype=np.float32)))).astype(np.int64)
    rows["RISE_TIME"] = rise_time
    rows["ISGRI_PI"] = (rise_time * 139 + 550) // 100
    pulse_height = energy / (1.6 - 0.001 * np.minimum(energy, 400.0))
    rows["ISGRI_PHA"] = np.where(energy > 0, np.minimum(pulse_height, 2047.0), 2047.0)
    rows["ISGRI_Y"], rows["ISGRI_Z"] = isgri_y, isgri_z
    rows["DETY"], rows["DETZ"] = image_pixels(isgri_y, MODULE_Y), image_pixels(isgri_z, MODULE_Z)
    rows["OB_TIME"] = obt_words(on_board_time(t_start_ijd) + OBT_PER_TICK * tick + OBT_PER_TICK - 2)
    rows["ISGRI_ENERGY"] = energy
    rows["SELECT_FLAG"] = state.noisy[isgri_z, isgri_y]
    rows["TIME"] = t_start_ijd + tick * (TICK_S / 86400.0)
    return rows
