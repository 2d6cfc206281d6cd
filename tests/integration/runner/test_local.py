"""Units without a container are not confined, but they never are root."""

import os

import pytest

from .conftest import MakeRunner, MakeWork, run


@pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes somebody else")
def test_a_unit_started_by_root_is_nobody(make_runner: MakeRunner, make_work: MakeWork) -> None:
    runner = make_runner("local")
    work = make_work(runner)
    assert run(runner, work).runner == "local"
    owners = {path.stat().st_uid for path in work.directory.out.iterdir()}
    assert owners == {65534}, "what the unit wrote is nobody's"
