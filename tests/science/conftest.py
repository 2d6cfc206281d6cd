"""The fixture ``bars`` of the accuracy tests, and the file in which `make science` keeps their figures."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.science.bars import BarRecord, Bars

_RECORD = pytest.StashKey[BarRecord]()


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the file."""
    parser.addoption("--bars", type=Path, default=None, help="JSON file for the acceptance bars of this run")


def pytest_configure(config: pytest.Config) -> None:
    """Begin a fresh record."""
    config.stash[_RECORD] = BarRecord(config.getoption("--bars", None))


@pytest.fixture
def bars(pytestconfig: pytest.Config) -> Generator[Bars]:
    """Records acceptance bars; one that does not hold and gives no reason fails the test at its end."""
    if _RECORD not in pytestconfig.stash:  # this file was found during collection, after the configuration
        pytestconfig.stash[_RECORD] = BarRecord(None)
    recorder = Bars(pytestconfig.stash[_RECORD])
    yield recorder
    if recorder.unexplained:
        pytest.fail("bars do not hold: " + "; ".join(recorder.unexplained), pytrace=False)


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """List the bars that do not hold, explained ones too."""
    missed = config.stash[_RECORD].missed if _RECORD in config.stash else []
    if missed:
        terminalreporter.section("bars that do not hold")
        for bar in missed:
            why = bar.get("reason", "no reason given: its test failed")
            terminalreporter.write_line(f"{bar['bar']} {bar['what']}: {bar['figure']}, limit {bar['limit']} - {why}")
