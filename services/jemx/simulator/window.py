"""Simulates one JEM-X science window, from the sky to the event files of both units."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mesh.testing.archive.on_board_time import TICK_S, Interval
from mesh.testing.archive.pointing import Pointing
from services.jemx.simulator.detector import RADIUS_MM, DetectorState, draw_state
from services.jemx.simulator.eventfile import write_event_file
from services.jemx.simulator.photons import BACKGROUND_RATE, Events, background_events, concatenate, source_events
from services.jemx.simulator.sky import SkySource

SETTLING_S, TAIL_S = 10.0, 2.0
OVERHEAD_S = SETTLING_S + TAIL_S
"""A window starts before its good time and ends after it."""
LIVE_FRACTION = 0.82
ACCEPT_ALL = 31
"""Setting of the grey filter."""
_DETECTOR_SEED = 2003
_HOT_SPOT_RATE = 0.5


def simulate_window(
    folder: Path,
    pointing: Pointing,
    sky: Sequence[SkySource],
    *,
    seed: int,
    exposure_s: float = 2000.0,
    units: Sequence[int] = (1, 2),
    live_fraction: float = LIVE_FRACTION,
    detectors: Mapping[int, DetectorState] | None = None,
    background_rate: float = BACKGROUND_RATE,
    grey: Sequence[tuple[float, int]] = ((0.0, ACCEPT_ALL),),
) -> None:
    """Write the event files of one simulated science window; same arguments, same bytes.

    Args:
        folder: of the window; its name is that of the science window.
        pointing: identifier, attitude and start.
        sky: the sources; those outside the field give no events.
        seed: of all random draws of this window.
        exposure_s: good time [s].
        units: which of the two units observe.
        live_fraction: recorded over incident events (DEADC).
        detectors: condition of each unit; by default one fixed draw, the same for every window.
        background_rate: recorded counts/s, before the grey filter.
        grey: setting of the grey filter from each time of the window on [s]; G accepts G + 1 of 32 events.

    Raises:
        ValueError: exposure or live fraction out of range.
    """
    if exposure_s <= 0 or not 0 < live_fraction <= 1:
        raise ValueError("a window needs a positive exposure and a live fraction in (0, 1]")
    span_s = exposure_s + OVERHEAD_S
    gti = (Interval(round(SETTLING_S / TICK_S), round((SETTLING_S + exposure_s) / TICK_S)),)
    for unit in units:
        state = detectors[unit] if detectors else draw_state(np.random.default_rng([_DETECTOR_SEED, unit]))
        rng = np.random.default_rng([seed, int(pointing.swid), unit])
        parts = [background_events(rng, span_s, background_rate)]
        parts += [_hot_spot(rng, place, span_s) for place in state.hot_spots]
        parts += [
            source_events(rng, source, unit, pointing, span_s=span_s, live_fraction=live_fraction) for source in sky
        ]
        events, settings = _grey_filtered(rng, concatenate(parts), grey)
        write_event_file(
            folder / f"jmx{unit}_events.fits.gz",
            unit,
            events,
            state,
            pointing,
            gti=gti,
            ticks=round(span_s / TICK_S),
            live_fraction=live_fraction,
            grey=settings,
        )


def _grey_filtered(
    rng: np.random.Generator, events: Events, grey: Sequence[tuple[float, int]]
) -> tuple[Events, NDArray[np.uint8]]:
    """Drop the share of events that the filter rejects; return the rest with the setting at each."""
    starts, values = np.array([start for start, _ in grey]), np.array([value for _, value in grey], np.uint8)
    setting = values[np.maximum(np.searchsorted(starts, events.time_s, side="right") - 1, 0)]
    if np.all(values == ACCEPT_ALL):
        return events, setting
    kept = rng.random(setting.size) < (setting + 1.0) / (ACCEPT_ALL + 1.0)
    chosen = {name: getattr(events, name)[kept] for name in Events.__dataclass_fields__}
    return Events(**chosen), setting[kept]


def _hot_spot(rng: np.random.Generator, place: tuple[int, int], span_s: float) -> Events:
    """Events of a place that fires by itself, all inside one raw position."""
    count = rng.poisson(_HOT_SPOT_RATE * span_s)
    y, z = (raw - 128 + rng.random(count) for raw in place)
    inside = np.hypot(y, z) < RADIUS_MM
    return Events(span_s * rng.random(count)[inside], y[inside], z[inside], 5.0 + rng.random(int(inside.sum())))
