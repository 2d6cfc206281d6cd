"""The quick drills, once each; `make chaos` runs all of them, again and again."""

import os
import subprocess
import sys
from collections.abc import Iterator

import pytest

from infra.stack.layout import Layout
from tests.chaos.catalogue import DRILLS
from tests.chaos.drill import Drill, Setting
from tests.chaos.ground import Ground
from tests.chaos.settings import ground_in
from tests.chaos.tally import tally

QUICK = [one for one in DRILLS if one.quick]


@pytest.fixture(scope="module")
def ground() -> Iterator[Ground]:
    """The mesh of the stack for tests."""
    if "ODAMESH_GATEWAY_PORT" not in os.environ or not Layout.from_environment().credentials.exists():
        pytest.skip("no stack for tests is up: run `make test`, which starts one")
    with ground_in(Setting.PLAIN) as made:
        yield made
    subprocess.run([sys.executable, "-m", "odamesh", "mesh", "down"], check=True)


@pytest.mark.parametrize("drill", QUICK, ids=[one.name for one in QUICK])
def test_nothing_is_lost_or_done_twice(drill: Drill, ground: Ground) -> None:
    ground.until_ready()
    trial = drill.run(ground)
    found = tally(ground, *trial.expected)
    assert not found.complaints
    assert (found.lost, found.doubled) == (0, 0)


def test_quick_drills_need_no_other_setting() -> None:
    assert {one.setting for one in QUICK} == {Setting.PLAIN}
    assert len({one.name for one in DRILLS}) == len(DRILLS)
