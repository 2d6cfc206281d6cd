"""The fixture ``bars`` of the accuracy tests, and the file in which `make science` keeps their figures."""

from collections.abc import Generator
from pathlib import Path

import pytest

from tests.science.bars import BarRecord, Bars, told

_RECORD = pytest.StashKey[BarRecord]()
_BAR = "acceptance bar"


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the option that names the file."""
    parser.addoption("--bars", type=Path, default=None, help="JSON file for the acceptance bars of this run")


def pytest_configure(config: pytest.Config) -> None:
    """Begin a fresh record, where tests are gathered: not in the processes that run them for another."""
    if not hasattr(config, "workerinput"):
        config.stash[_RECORD] = BarRecord(config.getoption("--bars", None))
        config.pluginmanager.register(_Gathering(config))


@pytest.fixture
def bars(request: pytest.FixtureRequest) -> Generator[Bars]:
    """Records acceptance bars; one that does not hold and gives no reason fails the test at its end."""
    recorder = Bars(lambda bar: request.node.user_properties.append((_BAR, bar)))
    yield recorder
    if recorder.unexplained:
        pytest.fail("bars do not hold: " + "; ".join(recorder.unexplained), pytrace=False)


class _Gathering:
    """Takes the bars from the reports of tests, whichever process ran them."""

    def __init__(self, config: pytest.Config) -> None:
        self._config = config

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the bars of a test; say them where its own process cannot print."""
        if report.when != "call":
            return
        reporter = self._config.pluginmanager.get_plugin("terminalreporter")
        for name, bar in report.user_properties:
            if name != _BAR or not isinstance(bar, dict):
                continue
            self._config.stash[_RECORD].add(bar)
            if reporter is not None and hasattr(report, "node"):
                reporter.write_line(told(bar))


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter, config: pytest.Config) -> None:
    """List the bars that do not hold, explained ones too."""
    missed = config.stash[_RECORD].missed if _RECORD in config.stash else []
    if missed:
        terminalreporter.section("bars that do not hold")
        for bar in missed:
            why = bar.get("reason", "no reason given: its test failed")
            terminalreporter.write_line(f"{bar['bar']} {bar['what']}: {bar['figure']}, limit {bar['limit']} - {why}")
