"""The service of POLAR; everything about it stands in `instrument.toml`."""

from pathlib import Path

from mesh.service.instrument_service import instrument_service

Polar = instrument_service(Path(__file__).with_name("instrument.toml"))
