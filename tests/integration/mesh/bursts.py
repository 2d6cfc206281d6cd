"""Simulated bursts in the archive of the mesh under test, each written once."""

from pathlib import Path

from services.polar.simulator.events import PolarisedBurst
from services.polar.simulator.events import write_archive as write_polar
from services.polar.simulator.polarisation_response import write_polarisation_response
from services.spiacs.simulator.archive import write_archive as write_spiacs
from services.spiacs.simulator.rates import Background, Pulse
from tests.simulated_once import simulated_once

ACS_BURST = "2017-08-17T12:55:00"
POLAR_BURST = PolarisedBurst("2017-01-14T22:01:09.500", 12_000, 3.0, degree=0.6, angle_deg=70.0)
POLAR_TIME = ("2017-01-14T21:57:00", "2017-01-14T22:06:00")
POLAR_RESPONSE = "aux/polar/simulated.prsp"
"""As the pages of the documentation name it."""


_HERE = "tests/integration/mesh/bursts.py"


def observe_with_spiacs(archive: Path) -> None:
    """Write four slices of counts with a burst."""

    def write() -> None:
        pulses = [(ACS_BURST, Pulse(0.0, 60_000, 1.0, 5.7))]
        background = Background(rate=1.1e5)
        write_spiacs(archive, "2017-08-17T11:30:00", "2017-08-17T14:30:00", background=background, pulses=pulses)

    simulated_once(archive, "spiacs", ["services/spiacs/simulator", _HERE], write)


def observe_with_polar(archive: Path) -> None:
    """Write two slices of events with a polarised burst, and the response of its simulation."""

    def write() -> None:
        write_polar(archive, *POLAR_TIME, [POLAR_BURST], rate=150.0)
        write_polarisation_response(archive / POLAR_RESPONSE, POLAR_BURST.modulation)

    simulated_once(archive, "polar", ["services/polar/simulator", _HERE], write)
