"""Fixtures that every kind of test may use."""

import os
from collections.abc import Generator
from pathlib import Path

import pytest

from tests import shared
from tests.running_mesh import archive, collector, home, mesh  # noqa: F401 - fixtures of every kind of test that needs a mesh

# What may be absent even where everything has been set up.
_MAY_BE_ABSENT = ("real data", "real science window", "this machine's own Docker engine", "rclone", "only root")


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport() -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Let a skip fail in continuous integration: there a missing server is a fault of the set-up."""
    report = yield
    if report.skipped and os.environ.get("CI") and not any(word in str(report.longrepr) for word in _MAY_BE_ABSENT):
        report.outcome = "failed"
    return report


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Directory with the real INTEGRAL files; tests that need it skip where it is absent."""
    path = shared.location()
    if not path.is_dir():
        pytest.skip(f"real data not found at {path}; set ODAMESH_SHARED_DATA")
    return path
