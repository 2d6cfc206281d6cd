"""Simulates one ISGRI science window, from the sky to the event file."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mesh.testing.archive.on_board_time import TICK_S, Interval
from mesh.testing.archive.pointing import Pointing
from services.isgri.simulator.background import recorded_rate
from services.isgri.simulator.dead_time import free_share, taken
from services.isgri.simulator.detector import DetectorState, draw_state
from services.isgri.simulator.eventfile import WindowFacts, write_event_file
from services.isgri.simulator.photons import background_events, concatenate, noise_events, source_events
from services.isgri.simulator.sky import SkySource
from services.isgri.simulator.telemetry import pack_rows

SETTLING_S, GAP_S, TAIL_S = 10.0, 4.0, 2.0
"""A window starts before its first good time, has two telemetry gaps, and ends after its last good time."""
OVERHEAD_S = SETTLING_S + 2 * GAP_S + TAIL_S
LIVE_FRACTION = 0.72

_DETECTOR_SEED = 2018


def simulate_window(
    path: Path,
    pointing: Pointing,
    sky: Sequence[SkySource],
    *,
    seed: int,
    exposure_s: float = 2000.0,
    live_fraction: float = LIVE_FRACTION,
    detector: DetectorState | None = None,
    mask_transmission: NDArray[np.float64] | None = None,
    module_noise: Sequence[float] | None = None,
) -> None:
    """Write the event file of one simulated science window; same arguments, same bytes.

    The window lasts `exposure_s` of good time in three intervals plus 20 s: 10 s before the first interval and 2 s
    after the last with events, and two gaps of 4 s without.

    Args:
        path: file to write, .fits or .fits.gz.
        pointing: identifier, attitude and start.
        sky: the sources; those outside the coded field give no events.
        seed: of all random draws of this window.
        exposure_s: sum of the good time intervals [s].
        live_fraction: that of a detector with the usual background alone: what veto and calibration strobes leave of
            the time, and the modules' own dead time. Background rates are as recorded, whatever it is; a bright
            source or a noisy module makes its modules lose more, and the file's DEADC follows.
        detector: condition of the pixels; by default one fixed draw, the same for every window.
        mask_transmission: of each mask cell, shape (95, 95); by default a mask without defects.
        module_noise: further events/s that electronic noise makes in each of the eight modules.

    Raises:
        ValueError: exposure or live fraction out of range.
    """
    if exposure_s <= 0 or not 0 < live_fraction <= 1:
        raise ValueError("a window needs a positive exposure and a live fraction in (0, 1]")
    state = detector if detector is not None else draw_state(np.random.default_rng(_DETECTOR_SEED))
    rng = np.random.default_rng(np.random.SeedSequence([seed, int(pointing.swid)]))
    span_s = exposure_s + OVERHEAD_S
    usually_free = free_share(recorded_rate())
    unblotted = min(live_fraction / usually_free, 1.0)
    parts = [background_events(rng, state, span_s, missed=1.0 - usually_free)]
    if module_noise is not None:
        parts.append(noise_events(rng, module_noise, span_s))
    for source in sky:
        parts.append(
            source_events(
                rng,
                source,
                pointing,
                span_s=span_s,
                live_fraction=unblotted,
                mask_transmission=mask_transmission,
            )
        )
    gti = _good_time(exposure_s)
    ticks = round(span_s / TICK_S)
    telemetered = (Interval(0, gti[0].stop), gti[1], Interval(gti[2].start, ticks))
    arriving = concatenate(parts)
    events = taken(arriving.where(~state.dead[arriving.isgri_z, arriving.isgri_y] & (arriving.energy_kev >= 0)))
    live = unblotted * free_share(events.time_s.size / span_s)
    rows = pack_rows(rng, events, state, t_start_ijd=pointing.t_start_ijd, telemetered=telemetered)
    text = f"seed {seed}, {len(sky)} sources, {exposure_s:g} s"
    write_event_file(path, rows, WindowFacts(pointing, ticks, live, gti, text))


def _good_time(exposure_s: float) -> tuple[Interval, Interval, Interval]:
    """Three good time intervals of 30, 45 and 25 % of the exposure."""
    first = SETTLING_S + 0.30 * exposure_s
    second = first + GAP_S + 0.45 * exposure_s
    third = second + GAP_S + 0.25 * exposure_s
    edges = [round(t / TICK_S) for t in (SETTLING_S, first, first + GAP_S, second, second + GAP_S, third)]
    return Interval(edges[0], edges[1]), Interval(edges[2], edges[3]), Interval(edges[4], edges[5])
