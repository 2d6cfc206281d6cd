"""Ready-made SPI-ACS archives: bursts of known place and size, a quiet time, and a passage of the radiation belts."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.spiacs.simulator import archive
from services.spiacs.simulator.rates import Background, Pulse


@dataclass(frozen=True)
class Scenario:
    """A kind of archive.

    Args:
        span: its start and end, UTC.
        help: one line for the reader.
        background: the rate without bursts.
        pulses: bursts, each with the UTC time that it starts at.
        gaps: UTC intervals of which no packet comes down.
        absent: UTC times whose slices are left out of the archive.
        axis: RA and Dec of the X axis, deg.
    """

    span: tuple[str, str]
    help: str
    background: Background
    pulses: tuple[tuple[str, Pulse], ...] = ()
    gaps: tuple[tuple[str, str], ...] = ()
    absent: tuple[str, ...] = ()
    axis: tuple[float, float] = archive.AXIS


_STABLE = Background(rate=1.1e5, white=1.15**2 - 1, slow=0.0)
_MERGERS = {
    "gw150914": (("2015-09-14T08:30:00", "2015-09-14T11:15:00"), (267.50, -27.42)),
    "gw151012": (("2015-10-12T08:30:00", "2015-10-12T11:15:00"), (279.97, -35.03)),
    "gw151226": (("2015-12-26T02:15:00", "2015-12-26T05:00:00"), (306.02, 33.87)),
    "gw170104": (("2017-01-04T08:45:00", "2017-01-04T11:30:00"), archive.AXIS),
    "gw170608": (("2017-06-08T00:45:00", "2017-06-08T03:30:00"), (181.08, -62.37)),
    "gw170814": (("2017-08-14T09:15:00", "2017-08-14T12:00:00"), (237.93, -54.04)),
}
"""Some three hours around mergers of which SPI-ACS saw nothing, and where the X axis was.

The axis is the target of the observation that the mission's list of observations in ESASky has at that time, to the few
degrees of its dither. On 2015-12-26 the spacecraft was in the radiation belts: it is that of the next observation. For
2017-01-04 the list has none: it is that of 2017-08-17.
"""

SCENARIOS: dict[str, Scenario] = {
    "acs-grb170817a": Scenario(
        ("2017-08-17T11:00:00", "2017-08-17T14:30:00"),
        "571 counts in 100 ms, 1.9 s after 2017-08-17T12:41:04.430, on 1.1e5 counts/s",
        _STABLE,
        (("2017-08-17T12:41:06.330", Pulse(0.0, 571, 0.0, 0.1)),),
    ),
    "acs-burst": Scenario(
        ("2017-08-16T12:30:00", "2017-08-16T13:20:00"),
        "a burst of 60000 counts and T90 17.7 s at 2017-08-16T12:55",
        Background(),
        (("2017-08-16T12:55:00", Pulse(0.0, 60_000, 1.0, 5.7)),),
    ),
    "acs-quiet": Scenario(
        ("2017-08-17T08:00:00", "2017-08-17T14:00:00"), "six hours without a burst, for false alarms", Background()
    ),
    **{
        f"acs-{name}": Scenario(span, f"no burst in {span[0]} to {span[1]}, around {name.upper()}", _STABLE, axis=axis)
        for name, (span, axis) in _MERGERS.items()
    },
    "acs-belts": Scenario(
        ("2017-08-17T17:00:00", "2017-08-18T10:00:00"),
        "from one revolution to the next: the belts, a telemetry gap at 18:30, hours that the archive lacks",
        Background(),
        gaps=(("2017-08-17T18:30:00", "2017-08-17T18:31:00"),),
        absent=("2017-08-18T00:30:00", "2017-08-18T08:30:00"),
    ),
}


def content_of(scenario: str, seed: int = 1) -> str:
    """Return what the headers of a simulated archive say of it; other words for another content."""
    ra, dec = SCENARIOS[scenario].axis
    pointing = "" if (ra, dec) == archive.AXIS else f" at {ra:.0f} {dec:.0f}"
    return f"odamesh simulator, {scenario}{pointing}, seed {seed}"


def write_archive(
    directory: Path, scenario: str, *, seed: int = 1, done: Callable[[str], None] = lambda label: None
) -> list[str]:
    """Write a simulated archive of counts and its list of slices.

    Args:
        directory: root of the archive; made when missing.
        scenario: a key of SCENARIOS.
        seed: of all random draws; the same seed gives the same bytes.
        done: called with the label of each slice.

    Returns:
        labels of the slices in time order.

    Raises:
        ValueError: unknown scenario.
    """
    if scenario not in SCENARIOS:
        raise ValueError(f"no scenario '{scenario}'; there are {', '.join(sorted(SCENARIOS))}")
    chosen = SCENARIOS[scenario]
    labels = archive.write_archive(
        directory,
        *chosen.span,
        seed=seed,
        background=chosen.background,
        pulses=chosen.pulses,
        gaps=chosen.gaps,
        absent=chosen.absent,
        content=content_of(scenario, seed),
        axis=chosen.axis,
    )
    for label in labels:
        done(label)
    return labels
