"""Runs the service of an instrument: ``python -m mesh.service.instrument <name>``."""

# isort: off
from mesh.service.run import cannot_start, run  # first: it makes the process green

# isort: on
import sys

from mesh.instruments import instrument_faults, instruments
from mesh.ports import ports
from mesh.service.instrument_service import instrument_service


def main(arguments: list[str]) -> None:
    """Serve the instrument that the only argument names."""
    match arguments:
        case [name] if name in instruments():
            run(instrument_service(instruments()[name]), name, ports()[name])
        case [name] if name in instrument_faults():
            cannot_start(name, instrument_faults()[name])
        case _:
            cannot_start("mesh.service.instrument", f"give one name of {', '.join(instruments())}")


if __name__ == "__main__":
    main(sys.argv[1:])
