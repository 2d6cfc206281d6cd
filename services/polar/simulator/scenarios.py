"""Ready-made POLAR archives: a polarised burst, and a quiet time."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from services.polar.simulator import events
from services.polar.simulator.events import PolarisedBurst
from services.polar.simulator.polarisation_response import write_polarisation_response

RESPONSE = "aux/polar/simulated.prsp"
"""Path of the polarisation response of simulated bursts, below the archive."""


@dataclass(frozen=True)
class Scenario:
    """A kind of archive.

    Args:
        span: its start and end, UTC.
        help: one line for the reader.
        bursts: in it.
        rate: of the background, events/s.
    """

    span: tuple[str, str]
    help: str
    bursts: tuple[PolarisedBurst, ...] = ()
    rate: float = 150.0


SCENARIOS: dict[str, Scenario] = {
    "polar-burst": Scenario(
        ("2017-01-14T21:57:00", "2017-01-14T22:06:00"),
        "12000 events of a burst at 2017-01-14T22:01:09.5, polarised to 60 % at 70 deg",
        (PolarisedBurst("2017-01-14T22:01:09.500", 12_000, 3.0, degree=0.6, angle_deg=70.0),),
    ),
    "polar-quiet": Scenario(("2017-01-14T20:00:00", "2017-01-14T21:00:00"), "an hour without a burst"),
}


def write_archive(
    directory: Path, scenario: str, *, seed: int = 1, done: Callable[[str], None] = lambda label: None
) -> list[str]:
    """Write a simulated archive of events, its list of slices, and where it has bursts their polarisation response.

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
    labels = events.write_archive(directory, *chosen.span, chosen.bursts, seed=seed, rate=chosen.rate)
    for burst in chosen.bursts:
        write_polarisation_response(directory / RESPONSE, burst.modulation)
    for label in labels:
        done(label)
    return labels
