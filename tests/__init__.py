"""Tests, split by what must be running: unit, contract, integration, science; bench measures."""
