"""The service of INTEGRAL SPI-ACS; everything about it stands in `instrument.toml`."""

from pathlib import Path

from mesh.service.instrument_service import instrument_service

SpiAcs = instrument_service(Path(__file__).with_name("instrument.toml"))
